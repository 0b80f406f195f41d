package import BuildModel
package import Platform

/// Layers that are written one after another, with their members made as those of one: no thread waits between them.
///
/// Confined to one thread, which must be the tree's own.
package final class LayerBatch {
    private let settings: LayerSettings
    private let window: MemberWindow

    /// - Throws: `BuildFailure` with code `invalid_configuration` if there is no such codec.
    package init(_ settings: LayerSettings) throws(BuildFailure) {
        self.settings = settings
        window = try MemberWindow(settings)
    }

    /// Walks a part of a tree and has its members made; returns while the last ones may be underway.
    ///
    /// Parameters and errors are those of `LayerWriter.writeLayer(from:part:at:on:ownership:files:writable:comment:settings:cancellation:report:)`;
    /// an error may belong to a layer that was begun before.
    package func begin(
        from tree: any StoredTree,
        part: TreePart,
        at directory: String,
        on base: LayerBase = .none,
        ownership: FileOwnership = .root,
        files: [PlannedFile] = [],
        writable: WritableFiles? = nil,
        comment: String,
        cancellation: CancelFlag
    ) throws -> PendingLayer {
        var contents = try LayerContents(
            settings,
            window: window,
            base: base,
            ownership: ownership,
            writable: writable,
            cancellation: cancellation
        )
        let root = try base.resolve(directory)
        guard !root.isEmpty else { throw LayerFailure.plan(directory, "the app needs a directory of its own") }
        try contents.addDirectories(to: root)
        try contents.add(files)
        try contents.add(tree, at: root, range: part.range)
        return try contents.end(comment: comment)
    }
}
