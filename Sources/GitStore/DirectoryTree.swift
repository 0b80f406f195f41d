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
    private static let noID = ObjectID(bytes: [UInt8](repeating: 0, count: 20))
    private static let maximumDepth = 512

    /// - Parameter path: of a directory.
    package init(path: String) {
        root = BytePath(path)
    }

    package func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        try walkNames { entry in
            guard let whole = try self.entry(at: entry.displayPath) else { return .skipDescendants }
            return try visit(whole)
        }
    }

    package func walkNames(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        _ = try walk(root, prefix: [], depth: 0, visit)
    }

    /// - Returns: false if the walk is over.
    private func walk(
        _ directory: BytePath,
        prefix: [UInt8],
        depth: Int,
        _ visit: (TreeEntry) throws -> WalkDirective
    ) throws -> Bool {
        guard depth < Self.maximumDepth else { return true }
        for (name, kind) in try directory.typedNames() {
            let bytes = name.dropLast().map { UInt8(bitPattern: $0) }
            guard let kind = try kind ?? self.kind(directory.appending(name)), bytes != Self.git else { continue }
            let path = prefix + bytes
            switch try visit(TreeEntry(kind: kind, path: path, objectID: Self.noID, size: 0)) {
            case .stop: return false
            case .skipDescendants: continue
            case .proceed: break
            }
            guard kind == .directory else { continue }
            let next = try walk(
                directory.appending(name),
                prefix: path + [UInt8(ascii: "/")],
                depth: depth + 1,
                visit
            )
            guard next else { return false }
        }
        return true
    }

    private static let git = Array(".git".utf8)

    private func kind(_ path: BytePath) throws -> TreeEntry.Kind? { Self.kind(try path.mode()) }

    private static func kind(_ mode: mode_t) -> TreeEntry.Kind? {
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
        let bytes = try withDirectory(of: path) { directory, name -> [UInt8]? in
            let descriptor = unsafe openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { throw Self.failure(path) }
            defer { close(descriptor) }
            return try Self.read(descriptor, path: path, limit: limit)
        }
        let content = bytes ?? []
        return try unsafe body(content.span.bytes)
    }

    private static func read(_ descriptor: Int32, path: String, limit: Int64) throws -> [UInt8] {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw failure(path) }
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

    /// Lends the directory that the last part of a path is in, reached without following any link.
    private func withDirectory<Result>(
        of path: String,
        _ body: (Int32, String) throws -> Result?
    ) throws -> Result? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard !parts.contains(where: { ["", ".", "..", ".git"].contains($0) }), let name = parts.last else {
            return nil
        }
        var directory = unsafe open(root.characters, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for part in parts.dropLast() where directory >= 0 {
            let next = unsafe openat(directory, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            close(directory)
            directory = next
        }
        guard directory >= 0 else { return nil }
        defer { close(directory) }
        return try body(directory, name)
    }

    private static func failure(_ path: String) -> BuildFailure {
        .system(errno: errno, operation: "tree.read", message: "Cannot read '\(path)'.")
    }
}

extension BytePath {
    /// The names in this directory in git's order, each with its kind where the file system tells it without another call.
    fileprivate func typedNames() throws -> [(name: [CChar], kind: TreeEntry.Kind?)] {
        guard let stream = unsafe opendir(characters) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [(name: [CChar], kind: TreeEntry.Kind?)] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                unsafe Array(raw.prefix { $0 != 0 }).map { CChar(bitPattern: $0) } + [0]
            }
            guard name.count > 1, !(name[0] == 46 && (name.count == 2 || (name.count == 3 && name[1] == 46))) else {
                continue
            }
            switch unsafe Int(entry.pointee.d_type) {
            case Int(DT_DIR): names.append((name, .directory))
            case Int(DT_REG): names.append((name, .file))
            case Int(DT_LNK): names.append((name, .symbolicLink))
            case Int(DT_UNKNOWN): names.append((name, nil))
            default: continue
            }
        }
        // A directory sorts as if its name ended with a slash.
        return names.sorted { Self.key($0).lexicographicallyPrecedes(Self.key($1)) }
    }

    private static func key(_ entry: (name: [CChar], kind: TreeEntry.Kind?)) -> [UInt8] {
        let bytes = entry.name.dropLast().map { UInt8(bitPattern: $0) }
        return entry.kind == .directory ? bytes + [47] : bytes
    }
}
