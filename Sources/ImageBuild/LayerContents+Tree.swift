internal import BuildModel

extension LayerContents {
    /// Adds the entries of a part of a tree below `root` that its ignore rules let in, in the tree's own order.
    func add(_ tree: any StoredTree, at root: [UInt8], range: LayerRange = .whole) throws {
        var treeGuard = TreeGuard()
        let rules = try IgnoreRules.rules(of: tree)
        var skipped = SkippedDirectories()
        var filter = RangeFilter(range)
        var details = DetailedEntries(tree.details)
        try tree.walk { entry in
            try treeGuard.admit(entry)
            let place = filter.place(of: entry)
            if place == .after { return .stop }
            if place == .before { return .skipDescendants }
            if try rules.keepsOut(entry.path, stream.checkCancellation) || place == .above {
                guard entry.kind == .directory else { return .proceed }
                guard rules.letsBackIn || place == .above else { return .skipDescendants }
                skipped.insert(entry.path)
                return .proceed
            }
            for directory in skipped.takeAncestors(of: entry.path) {
                let path = root + [LayerPath.slash] + directory
                if added[path] == nil { try stream.append(self.directory(directory, at: path, details)) }
            }
            let path = root + [LayerPath.slash] + entry.path
            guard path.count <= LayerPath.maximumPath else {
                throw LayerFailure.unsafe(entry.path, "its path is over \(LayerPath.maximumPath) bytes long")
            }
            if try !isReplaced(entry, at: path) { try add(entry, of: tree, at: path, &details) }
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

    private func add(
        _ entry: TreeEntry,
        of tree: any StoredTree,
        at path: [UInt8],
        _ details: inout DetailedEntries
    ) throws {
        switch entry.kind {
        case .directory: try stream.append(directory(entry.path, at: path, details))
        case .file: try addFile(entry, of: tree, at: path, mode: 0o644, &details)
        case .executable: try addFile(entry, of: tree, at: path, mode: 0o755, &details)
        case .symbolicLink: try addLink(entry, of: tree, at: path)
        case .submodule: throw LayerFailure.submodule(entry.path)
        }
    }

    /// The entry of a directory of the source: as the base has it, else as the source has it.
    private func directory(_ source: [UInt8], at path: [UInt8], _ details: DetailedEntries) -> TarEntry {
        let entry = base.directory(path, ownership: ownership)
        return base.isDirectory(path) ? entry : details.completed(entry, as: source)
    }

    private func addFile(
        _ entry: TreeEntry,
        of tree: any StoredTree,
        at path: [UInt8],
        mode: UInt32,
        _ details: inout DetailedEntries
    ) throws {
        guard entry.size <= maximumBlobBytes else {
            throw LayerFailure.tooLarge(entry.path, size: entry.size, limit: maximumBlobBytes)
        }
        var file = details.completed(
            .file(path, mode: mode, size: entry.size, ownership: ownership),
            as: entry.path
        )
        if let writable, writable.paths.contains(entry.path) { file.letWrite(writable.group) }
        if let first = details.firstPath(of: entry.path, at: path) {
            return try stream.append(.hardLink(path, to: first, like: file))
        }
        try stream.append(file, content: BlobEntryContent(entry: entry, blobs: tree.blobs, reads: stream.reads))
    }

    private func addLink(_ entry: TreeEntry, of tree: any StoredTree, at path: [UInt8]) throws {
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

/// Directories that were kept out, until something in them is let in: it needs them all.
struct SkippedDirectories {
    /// Outermost first; each is in the one before.
    private var open: [[UInt8]] = []

    mutating func insert(_ directory: [UInt8]) {
        leave(for: directory)
        open.append(directory)
    }

    /// Those above `path`, outermost first; they are not skipped any more.
    mutating func takeAncestors(of path: [UInt8]) -> [[UInt8]] {
        leave(for: path)
        defer { open = [] }
        return open
    }

    private mutating func leave(for path: [UInt8]) {
        while let last = open.last, !path.starts(with: last + [LayerPath.slash]) { open.removeLast() }
    }
}
