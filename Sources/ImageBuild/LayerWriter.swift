package import BuildModel
package import Platform

/// Writes layers: OCI image spec, layer.md.
///
/// The bytes depend on what goes in and on `LayerSettings.codec` alone: not on threads, time, locale, umask or machine.
/// All functions block, compress on the settings' pool, and may run on one of its threads.
package enum LayerWriter {
    /// Writes the files of a tree, and files that a plan adds.
    ///
    /// - Parameters:
    ///   - tree: walked on this thread; its blobs are read on the settings' threads too.
    ///   - part: the part of the tree that goes into the layer.
    ///   - directory: the absolute path in the image that becomes the tree's root.
    ///   - base: what the layer will lie on: its links are followed on the way to the files, and its directories keep their attributes.
    ///   - ownership: of everything; files are readable by all, so that the app's user need not own them.
    ///   - files: added to the layer; one that has the path of a file of the tree takes its place.
    ///   - writable: files of the tree that the app may write to.
    ///   - comment: what the image's history says of the layer.
    ///   - cancellation: looked at between entries.
    ///   - report: told what the layer cost, at its end.
    /// - Throws: `BuildFailure`: `submodule_unsupported`, `unsafe_path`, `reserved_name` or `limit_exceeded`, which
    ///   name the entry; `invalid_plan`; `cancelled`; what the tree throws.
    package static func writeLayer(
        from tree: any StoredTree,
        part: TreePart = .whole,
        at directory: String,
        on base: LayerBase = .none,
        ownership: FileOwnership = .root,
        files: [PlannedFile] = [],
        writable: WritableFiles? = nil,
        comment: String,
        settings: LayerSettings,
        cancellation: CancelFlag,
        report: (LayerWork) -> Void = { _ in }
    ) throws -> Layer {
        let batch = try LayerBatch(settings)
        let pending = try batch.begin(
            from: tree,
            part: part,
            at: directory,
            on: base,
            ownership: ownership,
            files: files,
            writable: writable,
            comment: comment,
            cancellation: cancellation
        )
        let (layer, work) = try pending.finish()
        report(work)
        return layer
    }

    /// Writes a small layer of files that a plan adds.
    ///
    /// - Throws: `BuildFailure` with code `invalid_plan` that names the path, or `cancelled`.
    package static func write(
        files: [PlannedFile],
        on base: LayerBase = .none,
        ownership: FileOwnership = .root,
        comment: String,
        settings: LayerSettings,
        cancellation: CancelFlag
    ) throws -> (layer: Layer, work: LayerWork) {
        var contents = try LayerContents(settings, base: base, ownership: ownership, cancellation: cancellation)
        try contents.add(files)
        return try contents.finish(comment: comment)
    }

    /// Writes a small layer of directories that the app may write to; what is in them below stays as it is.
    ///
    /// - Throws: `BuildFailure` with code `invalid_plan` that names the path, or `cancelled`.
    package static func write(
        writable: WritableDirectories,
        on base: LayerBase = .none,
        comment: String,
        settings: LayerSettings,
        cancellation: CancelFlag
    ) throws -> (layer: Layer, work: LayerWork) {
        var contents = try LayerContents(settings, base: base, ownership: .root, cancellation: cancellation)
        try contents.add(writable)
        return try contents.finish(comment: comment)
    }

    /// As `write(files:on:ownership:comment:settings:cancellation:)`, without what it cost.
    package static func writeLayer(
        files: [PlannedFile],
        on base: LayerBase = .none,
        ownership: FileOwnership = .root,
        comment: String,
        settings: LayerSettings,
        cancellation: CancelFlag
    ) throws -> Layer {
        try write(
            files: files,
            on: base,
            ownership: ownership,
            comment: comment,
            settings: settings,
            cancellation: cancellation
        ).layer
    }
}
