internal import BuildModel

extension TreeView {
    /// Endings of databases of one file, as SQLite and those like it have them.
    static let databases = [".db", ".db3", ".sqlite", ".sqlite3"]

    /// Whether a file is one by its name. Thumbs.db is what Windows leaves beside pictures.
    static func isDatabase(_ path: String) -> Bool {
        databases.contains(where: path.hasSuffix) && path.split(separator: "/").last?.lowercased() != "thumbs.db"
    }

    /// Directories below one, at any depth, and databases of one file in it and in them.
    ///
    /// - Parameter isAlone: whether what lies in directories below does not count.
    /// - Throws: `BuildFailure` with code `limit_exceeded` if there are more directories than `limit`.
    func below(
        _ directory: String,
        isAlone: Bool,
        limit: Int
    ) throws -> (directories: [String], databases: [String]) {
        let top = Array(directory.utf8) + (directory.isEmpty ? [] : [UInt8(ascii: "/")])
        var (found, databases): ([String], [String]) = ([], [])
        try tree.walkNames { kind, bytes in
            // Most are files, of which few may be databases: no text is made of the others.
            guard kind == .directory || bytes.mayEndDatabase else { return .proceed }
            guard let path = String(path: bytes) else { return .skipDescendants }
            guard path.utf8.starts(with: top) else {
                return top.starts(with: (path + "/").utf8) ? .proceed : .skipDescendants
            }
            guard kind == .directory else {
                let isFile = kind == .file || kind == .executable
                if isFile, Self.isDatabase(path), databases.count < limit { databases.append(path) }
                return .proceed
            }
            guard !isAlone else { return .skipDescendants }
            guard found.count < limit else {
                throw BuildFailure.plan(
                    .limitExceeded,
                    "\(directory) is writable, and has more than \(limit) directories."
                )
            }
            found.append(path)
            return .proceed
        }
        return (found, databases)
    }
}

extension Span<UInt8> {
    /// Whether the last byte is that of a database's ending.
    fileprivate var mayEndDatabase: Bool { count > 0 && "be3".utf8.contains(self[count - 1]) }
}
