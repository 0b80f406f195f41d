internal import BuildModel
internal import Glibc
internal import Platform

/// Which ids a user may give to user namespaces: subuid(5).
enum SubordinateIDs {
    /// Where root has no entry: a part of the ids that systemd's own allocation leaves alone (0x70000000 and up).
    static let unassigned = IdentityRange(start: 0x7000_0000, count: 256 * IdentityRanges.width)

    /// The first range of `user` (a name or number) in a file's text that is wide enough.
    static func range(of users: [String], in text: String) -> IdentityRange? {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, users.contains(String(fields[0])), let start = UInt32(fields[1]),
                let count = UInt32(fields[2]), count >= IdentityRanges.width, start > 0
            else { continue }
            return IdentityRange(start: start, count: min(count, UInt32.max - start))
        }
        return nil
    }

    /// This user's range, the same in /etc/subuid and /etc/subgid; nil if there is none.
    static func ofThisUser() -> IdentityRange? {
        let users = [String(geteuid()), userName()].compactMap { $0 }
        guard let users = read("/etc/subuid").flatMap({ range(of: users, in: $0) }).map({ ($0, users) }) else {
            return nil
        }
        let groups = read("/etc/subgid").flatMap { range(of: users.1, in: $0) }
        return groups == users.0 ? users.0 : nil
    }

    static func userName() -> String? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard unsafe getpwuid_r(geteuid(), &entry, &buffer, buffer.count, &found) == 0, unsafe found != nil else {
            return nil
        }
        return unsafe String(cString: entry.pw_name)
    }

    private static func read(_ path: String) -> String? {
        (try? Files.read(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }
}
