internal import BuildModel
internal import Synchronization

/// Makes a remembered layer again when somebody lacks its bytes.
struct LayerRemaking: Sendable {
    /// Layers that are made while they are read hold a thread each for as long as the reader takes: with this many underway in the
    /// process, others are made whole first.
    private static let mostStreams = 4
    private static let streams = Mutex(0)

    let memo: LayerMemo
    let record: LayerRecord
    let key: LayerKey
    let make: LayerMemo.Make

    var content: DeferredContent {
        DeferredContent {
            try await whole()
        } stream: { use in
            try await stream(use)
        }
    }

    private func whole() async throws -> any BlobContent {
        let layer = try await checked(try await make(.spool))
        guard case .local(let content) = layer.blob.source else { throw differs(layer) }
        return content
    }

    private func stream(_ use: DeferredContent.Use) async throws {
        let isAdmitted = Self.streams.withLock { streams in
            guard streams < Self.mostStreams else { return false }
            streams += 1
            return true
        }
        guard isAdmitted else { return try await use(try await whole()) }
        defer { Self.streams.withLock { $0 -= 1 } }
        let pipe = LayerPipe(size: record.size)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await run in pipe.runs { await feed(pipe, run) } }
            defer {
                pipe.close()
                group.cancelAll()
            }
            do {
                try await use(pipe)
            } catch {
                // Whoever reads only knows that there was nothing to read.
                if let failure = pipe.failure { throw failure }
                throw error
            }
        }
    }

    /// Makes the layer once, for as long as it is wanted.
    private func feed(_ pipe: LayerPipe, _ run: Int) async {
        do {
            _ = try await checked(try await make(.pipe(pipe, run: run)))
            pipe.finish(run: run)
        } catch is LayerPipe.Abandoned {
            return
        } catch {
            pipe.fail(BuildFailure(error, operation: "layer.remake"), run: run)
        }
    }

    private func checked(_ layer: Layer) async throws -> Layer {
        guard LayerRecord(layer, codec: key.codec) == record else {
            try await memo.forget(key)
            throw differs(layer)
        }
        return layer
    }

    private func differs(_ layer: Layer) -> BuildFailure {
        BuildFailure(
            .platform,
            .corrupted,
            operation: "layer.remake",
            message:
                "The layer '\(layer.comment)' was made again and has other bytes than before: \(record.digest) by codec "
                + "\(record.codec), now \(layer.blob.descriptor.digest) by codec \(key.codec); its tar \(record.diffID), now "
                + "\(layer.diffID). It is forgotten now; build again, and report this as a defect."
        )
    }
}
