internal import Glibc

/// What a file system says of a name, without following it if it is a symbolic link: `fstatat(2)`.
package struct FileStatus: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case file, directory, symbolicLink, pipe, socket, device
        /// A character device with the number 0:0: how overlayfs marks what was deleted.
        case whiteout
    }

    package var kind: Kind
    /// Permission bits with setuid, setgid and sticky.
    package var mode: UInt32
    package var user: UInt32
    package var group: UInt32
    /// Bytes.
    package var size: Int64
    package var links: UInt64
    package var identity: FileIdentity
    package var modified: FileTime
    /// When content or attributes last changed; nobody can set it.
    package var changed: FileTime

    /// - Parameter path: terminated by NUL.
    /// - Returns: nil if it cannot be looked at; `errno` says why.
    package init?(at path: [CChar]) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Whether the owner may execute it.
    package var isExecutable: Bool { mode & 0o100 != 0 }

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            case S_IFCHR where status.st_rdev == 0: .whiteout
            default: .device
            }
        mode = status.st_mode & 0o7777
        user = status.st_uid
        group = status.st_gid
        size = Int64(status.st_size)
        links = UInt64(status.st_nlink)
        identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        modified = FileTime(
            seconds: Int64(status.st_mtim.tv_sec),
            nanoseconds: Int64(status.st_mtim.tv_nsec)
        )
        changed = FileTime(
            seconds: Int64(status.st_ctim.tv_sec),
            nanoseconds: Int64(status.st_ctim.tv_nsec)
        )
    }
}

/// What tells files apart, whatever they are called.
package struct FileIdentity: Sendable, Hashable {
    package var device: UInt64
    package var inode: UInt64
}

/// A point in time as file systems hold it: since 1970.
package struct FileTime: Sendable, Hashable, Comparable {
    package var seconds: Int64
    package var nanoseconds: Int64

    package init(seconds: Int64, nanoseconds: Int64 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static func < (one: FileTime, other: FileTime) -> Bool {
        (one.seconds, one.nanoseconds) < (other.seconds, other.nanoseconds)
    }
}

/// What can be set on a file beside its content.
package struct FileAttributes: Sendable, Hashable {
    /// Permission bits with setuid, setgid and sticky.
    package var mode: UInt32
    package var user: UInt32
    package var group: UInt32
    package var modified: FileTime
    package var extended: [ExtendedAttribute]

    package init(mode: UInt32, user: UInt32, group: UInt32, modified: FileTime, extended: [ExtendedAttribute] = []) {
        self.mode = mode
        self.user = user
        self.group = group
        self.modified = modified
        self.extended = extended
    }
}

/// One extended attribute: xattr(7).
package struct ExtendedAttribute: Sendable, Hashable {
    package static let fileCapability = "security.capability"

    /// Whether an attribute of a file means the same in an image: what its owner noted, and capabilities.
    package static func isPortable(_ name: String) -> Bool {
        // Where a file was downloaded from is nobody's business who pulls the image.
        let isNoted = name.hasPrefix("user.") && !name.hasPrefix("user.xdg.") && !OverlayAttributes.isReserved(name)
        return name == fileCapability || isNoted
    }

    /// With its namespace, such as `user.origin`.
    package var name: String
    package var value: [UInt8]

    package init(name: String, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}
