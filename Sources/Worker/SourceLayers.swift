internal import BuildModel
internal import GitStore
internal import ImageBuild
internal import Platform

/// Layers from the trees of revisions: remembered ones by their digests, others made.
struct SourceLayers: Sendable {
    var settings: LayerSettings
    let memo: LayerMemo

    /// The layers of a revision's tree. Of a tree that was built before no object is read, unless bytes turn out to be lacking.
    ///
    /// - Parameters:
    ///   - base: what the layers will lie on.
    ///   - writable: files of the tree that the app may write to.
    ///   - account: told of each layer where it comes from.
    ///   - ready: gets each layer as soon as it is whole, and those that are remembered beside it. Where all are, it gets none.
    func layers(
        of revision: Revision,
        at directory: String,
        on base: LayerBase,
        writable: WritableFiles? = nil,
        from source: any RevisionSource,
        log: any BuildLog,
        account: LayerAccounts? = nil,
        ready: @escaping @Sendable (ImageBlob) -> Void = { _ in }
    ) async throws -> [Layer] {
        let making = LayerMaking(
            settings: settings,
            memo: memo,
            revision: revision,
            directory: directory,
            base: base,
            writable: writable,
            source: source,
            log: log,
            account: account,
            ready: ready
        )
        try await making.tellAttributes()
        if let layers = try making.remembered() { return layers }
        if await making.learnAll(), let layers = try making.remembered() { return layers }
        let history = try await making.needsHistory() ? source.changes(before: revision, limit: 20) : []
        let cut = try await source.withTree(of: revision) { tree in try making.cut(tree, history: history) }
        await making.learn(cut.parts)
        let cancellation = CancelFlag()
        let layers = try await cancellation.whileRunning {
            try await source.withTree(of: revision) { tree in
                try making.make(cut, of: tree, cancellation: cancellation)
            }
        }
        await making.share(cut.parts)
        if let failure = settings.members?.takeFailure() {
            log.say("Members of layers cannot be kept: \(failure)", .assembling)
        }
        return layers
    }
}
