internal import Glibc

/// Who this process is.
enum SystemIdentity {
    static var user: UInt32 { geteuid() }
    static var group: UInt32 { getegid() }
    static var isRoot: Bool { geteuid() == 0 }
}
