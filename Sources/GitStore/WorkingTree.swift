internal import BuildModel
internal import CGit2
internal import Glibc

/// The files of a working tree by directory, to be compared with its index on several threads.
///
/// Says yes only where nothing can have changed: every file is as git saw it last, and no directory has more names than the index
/// has in it, but for what is ignored. Anything else is left to the library, which reads what has to be read.
struct WorkingTree: Sendable {
    /// A directory with the files and directories that the index has in it.
    private struct Directory {
        /// Where an entry of the index has its path, which has no slash at its end; empty for the top.
        var path: Range<Int>
        var parent: Int
        var files: [Int] = []
        var directories = 0
    }

    /// The working tree's directory.
    let path: String
    private let index: IndexFile
    /// When the index was written: nanoseconds since 1970.
    private let written: Int64
    private var directories: [Directory] = []

    /// - Parameter directory: all that is looked at, relative to the top; empty for the whole tree.
    /// - Returns: nil if the index has nothing in it.
    init?(at path: String, _ index: IndexFile, written: Int64, directory: String) {
        (self.path, self.index, self.written) = (path, index, written)
        let prefix = Array(directory.utf8)
        var open: [Int] = []
        for (position, entry) in index.entries.enumerated() where isInside(entry.path, prefix) {
            let end = index.path(entry.path).lastIndex(of: UInt8(ascii: "/")) ?? entry.path.lowerBound
            if open.isEmpty { open = [add(entry.path.lowerBound..<entry.path.lowerBound + prefix.count, in: -1)] }
            while let last = open.last, open.count > 1, !index.isPath(entry.path, in: directories[last].path) {
                open.removeLast()
            }
            openDirectories(of: entry.path.lowerBound..<end, &open)
            directories[open[open.count - 1]].files.append(position)
        }
        guard !directories.isEmpty else { return nil }
    }

    /// How many directories there are to look at.
    var count: Int { directories.count }

    private func isInside(_ path: Range<Int>, _ directory: [UInt8]) -> Bool {
        let bytes = index.path(path)
        return directory.isEmpty
            || (bytes.count > directory.count && bytes.starts(with: directory)
                && bytes[path.lowerBound + directory.count] == UInt8(ascii: "/"))
    }

    private mutating func add(_ path: Range<Int>, in parent: Int) -> Int {
        directories.append(Directory(path: path, parent: parent))
        if parent >= 0 { directories[parent].directories += 1 }
        return directories.count - 1
    }

    /// Opens what is between the innermost directory that is open and the one that a file is in.
    private mutating func openDirectories(of directory: Range<Int>, _ open: inout [Int]) {
        while let last = open.last, directories[last].path.count < directory.count {
            let known = directories[last].path.count
            let start = directory.lowerBound + known + (known == 0 ? 0 : 1)
            let name = index.path(start..<directory.upperBound).prefix { $0 != UInt8(ascii: "/") }
            open.append(add(directory.lowerBound..<name.endIndex, in: last))
        }
    }
}

extension WorkingTree {
    /// What came of looking at a directory.
    enum Finding: Sendable {
        case unchanged
        /// Every file is unchanged, and there are these names beside them: paths relative to the top.
        case more([String])
        case unknown
    }

    /// Looks at one of the directories, which are counted from 0.
    func look(at position: Int) -> Finding {
        let directory = directories[position]
        let descriptor = open(directory)
        guard descriptor >= 0 else { return .unknown }
        defer { close(descriptor) }
        let start = directory.path.isEmpty ? 0 : directory.path.count + 1
        for file in directory.files {
            let entry = index.entries[file]
            var status = stat()
            let result = unsafe index.withName(at: entry.path.lowerBound + start) { name in
                unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW)
            }
            guard result == 0, index.isUnchanged(entry, status, written: written) else { return .unknown }
        }
        var names = 0
        guard unsafe Self.eachName(in: descriptor, of: directory.path, { _ in names += 1 }) else { return .unknown }
        guard names != directory.files.count + directory.directories else { return .unchanged }
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { return .unknown }
        return more(in: position, descriptor)
    }

    /// The names that the index has not got.
    private func more(in position: Int, _ descriptor: Int32) -> Finding {
        let directory = directories[position]
        let start = directory.path.isEmpty ? 0 : directory.path.count + 1
        let files = directory.files.map { index.entries[$0].path }
        let paths = files + directories.filter { $0.parent == position }.map(\.path)
        let known = Set(paths.map { index.path($0).dropFirst(start) })
        let prefix = String(decoding: index.path(directory.path), as: UTF8.self) + (start > 0 ? "/" : "")
        var others: [String] = []
        var isKnown = true
        let isRead = unsafe Self.eachName(in: descriptor, of: directory.path) { name in
            guard unsafe !known.contains(Array(name)[...]), isKnown else { return }
            let text = unsafe String(decoding: name, as: UTF8.self)
            isKnown = unsafe text.utf8.elementsEqual(name) && others.count < Self.mostOthers
            others.append(prefix + text)
        }
        return isRead && isKnown ? .more(others) : .unknown
    }

    /// Names that are looked at by themselves.
    private static let mostOthers = 1000

    private func open(_ directory: Directory) -> Int32 {
        let name = String(decoding: index.path(directory.path), as: UTF8.self)
        guard name.utf8.elementsEqual(index.path(directory.path)) else { return -1 }
        // Each directory is opened by itself: none on the way to a file can be a link.
        let whole = name.isEmpty ? path : "\(path)/\(name)"
        return unsafe Glibc.open(whole, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }

    /// The names in a directory, without `.`, `..` and the top's `.git`: getdents64(2).
    ///
    /// - Returns: whether all could be read.
    private static func eachName(
        in descriptor: Int32,
        of directory: Range<Int>,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        unsafe withUnsafeTemporaryAllocation(byteCount: 32 << 10, alignment: 8) { room in
            while true {
                let count = unsafe slipway_list_directory(descriptor, room.baseAddress, room.count)
                guard count > 0 else { return count == 0 }
                var offset = 0
                while offset < count {
                    guard count - offset > nameOffset else { return false }
                    // A record has an inode, a place in the directory, its own size, a kind, and a name with a NUL behind it.
                    let size = unsafe Int(room.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
                    guard size > nameOffset, offset + size <= count else { return false }
                    let record = unsafe UnsafeRawBufferPointer(rebasing: room[offset + nameOffset..<offset + size])
                    let name = unsafe UnsafeRawBufferPointer(rebasing: record.prefix { $0 != 0 })
                    if unsafe !isOmitted(name, atTop: directory.isEmpty) { unsafe body(name) }
                    offset += size
                }
            }
        }
    }

    private static let nameOffset = 19

    private static func isOmitted(_ name: UnsafeRawBufferPointer, atTop isTop: Bool) -> Bool {
        guard unsafe name.first == UInt8(ascii: ".") else { return false }
        return unsafe name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8)
            || isTop && name.elementsEqual(".git".utf8)
    }
}
