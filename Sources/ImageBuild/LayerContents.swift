internal import BuildModel
internal import Platform

/// A layer while it is filled: first what the plan adds, then the tree.
struct LayerContents {
    let stream: LayerStream
    let base: LayerBase
    let ownership: FileOwnership
    let maximumBlobBytes: Int64
    /// Files of the tree that the app may write to.
    let writable: WritableFiles?
    /// What is in the layer that did not come from the tree, by path. Small.
    private(set) var added: [[UInt8]: TarEntry.Kind] = [:]

    /// - Parameter window: shared with other layers; nil for one of the layer's own.
    init(
        _ settings: LayerSettings,
        window: MemberWindow? = nil,
        base: LayerBase,
        ownership: FileOwnership,
        writable: WritableFiles? = nil,
        cancellation: CancelFlag
    ) throws(BuildFailure) {
        let window = if let window { window } else { try MemberWindow(settings) }
        stream = try LayerStream(window, cancellation: cancellation)
        self.base = base
        self.ownership = ownership
        self.writable = writable
        maximumBlobBytes = settings.maximumBlobBytes
    }

    /// Adds `path`, in which no link of the base is left, and the directories above it.
    mutating func addDirectories(to path: [UInt8]) throws {
        for directory in LayerPath.ancestors(of: path) + [path] {
            if let kind = added[directory] {
                guard kind == .directory else {
                    throw LayerFailure.plan(
                        String(decoding: directory, as: UTF8.self),
                        "it is a file and a directory"
                    )
                }
                continue
            }
            added[directory] = .directory
            try stream.append(base.directory(directory, ownership: ownership))
        }
    }

    /// Adds planned files, ordered by their paths.
    mutating func add(_ files: [PlannedFile]) throws {
        for file in files.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
            try add(file)
        }
    }

    private mutating func add(_ file: PlannedFile) throws {
        let path = try base.resolve(file: file.path)
        guard !base.isDirectory(path), added[path] == nil else {
            throw LayerFailure.plan(file.path, "it is a directory, or planned twice")
        }
        if let slash = path.lastIndex(of: LayerPath.slash) { try addDirectories(to: Array(path[..<slash])) }
        added[path] = .file
        let content = Array(file.content.utf8)
        let entry = TarEntry.file(path, mode: file.mode & 0o777, size: Int64(content.count), ownership: ownership)
        try stream.append(entry, content: content)
    }

    /// Adds directories that the app may write to, as the base has them where it does.
    mutating func add(_ writable: WritableDirectories) throws {
        let paths = try writable.paths.map { try base.resolve($0) }
        // One that is on the way to another goes before it.
        for path in paths.sorted(by: { $0.lexicographicallyPrecedes($1) }) where !path.isEmpty && added[path] == nil {
            if let slash = path.lastIndex(of: LayerPath.slash) { try addDirectories(to: Array(path[..<slash])) }
            added[path] = .directory
            var entry = base.directory(path, ownership: ownership)
            entry.letWrite(writable.group)
            try stream.append(entry)
        }
    }

    func finish(comment: String) throws -> (layer: Layer, work: LayerWork) {
        try stream.finish(comment: comment)
    }

    func end(comment: String) throws -> PendingLayer { try stream.end(comment: comment) }
}
