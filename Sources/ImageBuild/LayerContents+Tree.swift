internal import BuildModel

extension LayerContents {
    /// Adds every entry of a tree below `root`, in the tree's own order.
    func add(_ tree: any SourceTree, at root: [UInt8]) throws {
        var treeGuard = TreeGuard()
        try tree.walk { entry in
            try treeGuard.admit(entry)
            let path = root + [LayerPath.slash] + entry.path
            guard path.count <= LayerPath.maximumPath else {
                throw LayerFailure.unsafe(entry.path, "its path is over \(LayerPath.maximumPath) bytes long")
            }
            if try !isReplaced(entry, at: path) { try add(entry, of: tree, at: path) }
            return .proceed
        }
    }

    /// Whether the plan has put something at the path of an entry, which then stays out.
    private func isReplaced(_ entry: TreeEntry, at path: [UInt8]) throws(BuildFailure) -> Bool {
        guard let kind = added[path] else { return false }
        guard (kind == .directory) == (entry.kind == .directory) else {
            throw LayerFailure.plan(
                "/" + String(decoding: path, as: UTF8.self),
                "the source has another kind of file there"
            )
        }
        return true
    }

    private func add(_ entry: TreeEntry, of tree: any SourceTree, at path: [UInt8]) throws {
        switch entry.kind {
        case .directory: try stream.append(.directory(path, ownership: ownership))
        case .file: try addFile(entry, of: tree, at: path, mode: 0o644)
        case .executable: try addFile(entry, of: tree, at: path, mode: 0o755)
        case .symbolicLink: try addLink(entry, of: tree, at: path)
        case .submodule: throw LayerFailure.submodule(entry.path)
        }
    }

    private func addFile(_ entry: TreeEntry, of tree: any SourceTree, at path: [UInt8], mode: UInt32) throws {
        guard entry.size <= maximumBlobBytes else {
            throw LayerFailure.tooLarge(entry.path, size: entry.size, limit: maximumBlobBytes)
        }
        let file = TarEntry.file(path, mode: mode, size: entry.size, ownership: ownership)
        try stream.append(file, content: entry, in: tree)
    }

    private func addLink(_ entry: TreeEntry, of tree: any SourceTree, at path: [UInt8]) throws {
        let limit = Int64(LayerPath.maximumPath)
        guard entry.size <= limit else { throw LayerFailure.tooLarge(entry.path, size: entry.size, limit: limit) }
        let target = try tree.withContent(of: entry, limit: limit) { content in
            unsafe content.withUnsafeBytes { unsafe Array($0) }
        }
        guard !target.isEmpty, !target.contains(0) else {
            throw LayerFailure.unsafe(entry.path, "it is a symbolic link whose target is empty or has a NUL byte")
        }
        try stream.append(.symbolicLink(path, to: target, ownership: ownership))
    }
}
