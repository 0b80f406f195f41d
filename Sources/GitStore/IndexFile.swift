internal import BuildModel
internal import Glibc
internal import Platform

/// The index of a working tree, as far as it takes to see that nothing has changed: gitformat-index(5), versions 2 and 3.
///
/// Bytes that git has not written cannot do more than be taken for an index that is not understood.
struct IndexFile: Sendable {
    /// What stat(2) said of a file when git looked at it last.
    struct Entry: Sendable {
        /// Where the path is, which has a NUL behind it.
        fileprivate(set) var path: Range<Int>
        fileprivate let fields: Int
    }

    private let bytes: [UInt8]
    /// Sorted by the bytes of their paths.
    private(set) var entries: [Entry] = []
    /// The tree that the index is, whole; nil if it is none, as after `git add`.
    private(set) var tree: ObjectID?

    private static let (headerSize, fieldsSize, idSize) = (12, 62, 20)

    /// nil for an index that is not understood, or has anything else than files and links as they are: conflicts, submodules,
    /// parts that are left out, promises that a file has not changed.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard bytes.count >= Self.headerSize + Self.idSize, bytes.starts(with: Array("DIRC".utf8)),
            [2, 3].contains(number(at: 4)), let end = readEntries(Int(number(at: 8))), readExtensions(from: end)
        else { return nil }
    }

    private mutating func readEntries(_ count: Int) -> Int? {
        let end = bytes.count - Self.idSize
        guard count <= (end - Self.headerSize) / (Self.fieldsSize + 1) else { return nil }
        entries.reserveCapacity(count)
        var offset = Self.headerSize
        for _ in 0..<count {
            guard offset + Self.fieldsSize < end, isPlain(at: offset) else { return nil }
            let start = offset + Self.fieldsSize
            let length = lengthOfName(from: start, to: end)
            let next = offset + (Self.fieldsSize + length + 8) & ~7
            guard length > 0, next <= end else { return nil }
            entries.append(Entry(path: start..<start + length, fields: offset))
            offset = next
        }
        return offset
    }

    private func lengthOfName(from start: Int, to end: Int) -> Int {
        (unsafe bytes.withUnsafeBytes { unsafe $0.offset(of: 0, from: start, to: end) } ?? end) - start
    }

    /// Whether an entry is a file or link, merged, with no flag that another word follows or that tells git not to look.
    private func isPlain(at offset: Int) -> Bool {
        let mode = number(at: offset + 24)
        let (flags, mask) = (UInt16(bytes[offset + 60]) << 8, UInt16(0xf000))
        return flags & mask == 0 && [0o100644, 0o100755, 0o120000].contains(mode)
    }

    /// Those whose names begin with a capital may be passed over.
    private mutating func readExtensions(from start: Int) -> Bool {
        let end = bytes.count - Self.idSize
        var offset = start
        while offset + 8 <= end {
            let (name, size) = (bytes[offset..<offset + 4], Int(number(at: offset + 4)))
            let body = offset + 8
            guard (0x41...0x5a).contains(name[offset]), size <= end - body else { return false }
            if name.elementsEqual("TREE".utf8) { tree = Self.wholeTree(bytes[body..<body + size]) }
            offset = body + size
        }
        return offset == end
    }

    /// The first record of the extension is the root's: no name, entries (-1 for a tree that is no more), subtrees, id.
    private static func wholeTree(_ body: ArraySlice<UInt8>) -> ObjectID? {
        guard body.first == 0, let line = body.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let words = body[(body.startIndex + 1)..<line].split(separator: UInt8(ascii: " "))
        guard words.count == 2, words[0].first != UInt8(ascii: "-"), body.endIndex - line > idSize else { return nil }
        return ObjectID(bytes: Array(body[(line + 1)...].prefix(idSize)))
    }

    private func number(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset <= bytes.count - 4, "numbers lie in the file")
        return unsafe bytes.withUnsafeBytes { bytes in
            unsafe UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
    }
}

extension IndexFile {
    /// Whether git, asked now, would take a file for unchanged without reading it.
    ///
    /// - Parameters:
    ///   - status: what stat(2) says of it.
    ///   - written: when the index was written, in nanoseconds since 1970: what changed at that moment or later may have changed again
    ///     since git has looked.
    func isUnchanged(_ entry: Entry, _ status: stat, written: Int64) -> Bool {
        let at = entry.fields
        let (changed, modified) = (time(at: at), time(at: at + 8))
        return modified < written && modified == Self.nanoseconds(status.st_mtim)
            && changed == Self.nanoseconds(status.st_ctim)
            && number(at: at + 20) == UInt32(truncatingIfNeeded: status.st_ino)
            && number(at: at + 28) == status.st_uid && number(at: at + 32) == status.st_gid
            && number(at: at + 36) == UInt32(truncatingIfNeeded: status.st_size)
            && number(at: at + 24) == Self.mode(status.st_mode)
    }

    /// Whether a path lies in a directory, at any depth.
    func isPath(_ path: Range<Int>, in directory: Range<Int>) -> Bool {
        guard directory.count < path.count, bytes[path.lowerBound + directory.count] == UInt8(ascii: "/") else {
            return false
        }
        return unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            return unsafe memcmp(base + path.lowerBound, base + directory.lowerBound, directory.count) == 0
        }
    }

    /// A path's bytes.
    func path(_ range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }

    /// Lends the bytes from a place in a path to its end as C has them.
    func withName<Result>(at start: Int, _ body: (UnsafePointer<CChar>) -> Result) -> Result? {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            return unsafe body((base + start).assumingMemoryBound(to: CChar.self))
        }
    }

    private func time(at offset: Int) -> Int64 {
        Int64(number(at: offset)) * 1_000_000_000 + Int64(number(at: offset + 4))
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func mode(_ mode: mode_t) -> UInt32 {
        switch mode & S_IFMT {
        case S_IFREG: mode & S_IXUSR != 0 ? 0o100755 : 0o100644
        case S_IFLNK: 0o120000
        default: 0
        }
    }
}
