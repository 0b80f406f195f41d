package import BuildModel
internal import Glibc
internal import Platform

/// The files of a directory as they lie there, for planning without taking anything in. Nothing is hashed, so ids are empty; what
/// a link points to is never looked at, and no way leads out of the directory. Sockets, devices and pipes are not seen.
///
/// Belongs to the call that made it, hence not Sendable. The directory may change while it is read: what is gone is not there.
package struct DirectoryTree: SourceTree {
    package let id = DirectoryTree.noID
    private let root: BytePath
    private let recent = RecentDirectory()
    private static let noID = ObjectID(bytes: [UInt8](repeating: 0, count: 20))
    /// Each level holds a descriptor while a walk is below it.
    private static let maximumDepth = 128
    /// What opening a path says where there is no file: nothing, a link, a socket, a name that cannot be.
    private static let absent = [ENOENT, ELOOP, ENXIO, ENAMETOOLONG]

    /// - Parameter path: of a directory.
    package init(path: String) {
        root = BytePath(path)
    }

    package func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        try walkNames { _, path in
            guard let text = String(path: path), let whole = try self.entry(at: text) else { return .skipDescendants }
            return try visit(whole)
        }
    }

    package func walkNames(_ visit: (TreeEntry.Kind, Span<UInt8>) throws -> WalkDirective) throws {
        var path: [UInt8] = []
        let directory = unsafe open(root.characters, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        _ = try Self.walk(directory, &path, depth: 0, visit)
    }

    /// Closes the directory. What cannot be listed has nothing in it.
    ///
    /// - Parameter path: of the directory with a trailing slash; as it was when this returns.
    /// - Returns: false if the walk is over.
    private static func walk(
        _ directory: Int32,
        _ path: inout [UInt8],
        depth: Int,
        _ visit: (TreeEntry.Kind, Span<UInt8>) throws -> WalkDirective
    ) throws -> Bool {
        guard let names = DirectoryNames(owning: directory), depth < maximumDepth else { return true }
        let length = path.count
        defer { path.removeSubrange(length...) }
        for item in names.items {
            path.removeSubrange(length...)
            names.append(item, to: &path)
            switch try visit(item.kind, path.span) {
            case .stop: return false
            case .skipDescendants: continue
            case .proceed: break
            }
            guard item.kind == .directory else { continue }
            path.append(UInt8(ascii: "/"))
            guard try walk(names.open(item), &path, depth: depth + 1, visit) else { return false }
        }
        return true
    }

    static func kind(_ mode: mode_t) -> TreeEntry.Kind? {
        switch mode & S_IFMT {
        case S_IFDIR: .directory
        case S_IFLNK: .symbolicLink
        case S_IFREG: mode & S_IXUSR != 0 ? .executable : .file
        default: nil
        }
    }

    package func entry(at path: String) throws -> TreeEntry? {
        let found = try withDirectory(of: path) { directory, name -> stat? in
            var status = stat()
            return unsafe fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
        }
        guard let status = found, let kind = Self.kind(status.st_mode) else { return nil }
        let size = kind == .directory ? 0 : Int64(status.st_size)
        return TreeEntry(kind: kind, path: Array(path.utf8), objectID: Self.noID, size: size)
    }

    package func withContent<Result>(
        of entry: TreeEntry,
        limit: Int64,
        _ body: (RawSpan) throws -> Result
    ) throws -> Result {
        let path = entry.displayPath
        guard let content = try bytes(at: path, limit: limit) else { throw Self.failure(path, ENOENT) }
        return try unsafe body(content.span.bytes)
    }

    /// Opens the file without looking at it first: detecting reads hundreds.
    package func bytes(at path: String, limit: Int64) throws -> [UInt8]? {
        try withDirectory(of: path) { directory, name -> [UInt8]? in
            let descriptor = unsafe openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            if descriptor < 0, Self.absent.contains(errno) { return nil }
            guard descriptor >= 0 else { throw Self.failure(path) }
            defer { close(descriptor) }
            return try Self.read(descriptor, path: path, limit: limit)
        }
    }

    /// - Returns: nil if it is no regular file.
    private static func read(_ descriptor: Int32, path: String, limit: Int64) throws -> [UInt8]? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        guard Int64(status.st_size) <= limit else {
            throw BuildFailure(
                .code,
                .limitExceeded,
                operation: "tree.read",
                message: "'\(path)' has \(status.st_size) bytes; at most \(limit) are read."
            )
        }
        var failed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
            while count < buffer.count {
                let more = unsafe Glibc.read(
                    descriptor,
                    buffer.baseAddress.map { unsafe $0 + count },
                    buffer.count - count
                )
                failed = more < 0
                guard more > 0 else { return }
                count += more
            }
        }
        guard !failed else { throw failure(path) }
        return bytes
    }

    /// Lends the directory that the last part of a path is in, reached without following any link. It stays open: files of one
    /// directory are read one after another.
    private func withDirectory<Result>(
        of path: String,
        _ body: (Int32, String) throws -> Result?
    ) throws -> Result? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { ["", ".", "..", ".git"].contains($0) }), let name = parts.last else {
            return nil
        }
        guard let directory = recent.descriptor(of: parts.dropLast(), in: root) else { return nil }
        return try body(directory, String(name))
    }

    private static func failure(_ path: String, _ error: Int32 = errno) -> BuildFailure {
        .system(errno: error, operation: "tree.read", message: "Cannot read '\(path)'.")
    }
}
