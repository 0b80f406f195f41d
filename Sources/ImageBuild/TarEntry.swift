internal import Platform

/// One entry of a tar archive, before it is encoded.
struct TarEntry {
    /// POSIX.1-2017, pax, "ustar Interchange Format": the typeflag.
    enum Kind: UInt8 {
        case file = 0x30
        /// A further name of an earlier file.
        case hardLink = 0x31
        case symbolicLink = 0x32
        case directory = 0x35
        case pipe = 0x36
        /// Records for the entry that follows.
        case extended = 0x78
    }

    var kind: Kind
    /// The path in the image without a leading slash; a directory's gets its trailing one when encoded.
    var path: [UInt8]
    /// Permission bits.
    var mode: UInt32
    var ownership: FileOwnership
    /// Bytes of content that follow the header.
    var size: Int64 = 0
    /// A symbolic link's target, or the path of the file that a hard link is.
    var link: [UInt8] = []
    /// One second after the epoch, but for what is the base's: 0 means "unset" to some readers.
    var modified = FileTime(seconds: 1)
    /// Sorted by name.
    var attributes: [ExtendedAttribute] = []
}

extension TarEntry {
    static func directory(_ path: [UInt8], ownership: FileOwnership) -> TarEntry {
        TarEntry(kind: .directory, path: path, mode: 0o755, ownership: ownership)
    }

    static func file(_ path: [UInt8], mode: UInt32, size: Int64, ownership: FileOwnership) -> TarEntry {
        TarEntry(kind: .file, path: path, mode: mode, ownership: ownership, size: size)
    }

    /// A further name of a file that is in the archive.
    static func hardLink(_ path: [UInt8], to first: [UInt8], like file: TarEntry) -> TarEntry {
        TarEntry(kind: .hardLink, path: path, mode: file.mode, ownership: file.ownership, link: first)
    }

    static func symbolicLink(_ path: [UInt8], to target: [UInt8], ownership: FileOwnership) -> TarEntry {
        TarEntry(kind: .symbolicLink, path: path, mode: 0o777, ownership: ownership, link: target)
    }

    /// Gives the entry to a group, which may do with it what its owner may.
    mutating func letWrite(_ group: UInt32) {
        ownership.group = group
        mode |= (mode & 0o700) >> 3
    }

    /// The path as an archive writes it.
    var archivePath: [UInt8] { kind == .directory ? path + [UInt8(ascii: "/")] : path }
}
