package import BuildModel
internal import HTTPTransport
internal import Platform
internal import Synchronization

/// Blobs that go to a registry while the rest of their image is made: where the way is as slow as the making, both take half the time.
///
/// Nobody looks at blobs that no manifest names, so nothing is confirmed. What goes wrong is told. The push that follows tries again if
/// that was a while ago, and ends with it otherwise: all tries were made, and would come to nothing once more.
package final class BlobsAhead: Sendable {
    private let orders: AsyncStream<ImageBlob>
    private let order: AsyncStream<ImageBlob>.Continuation
    private let arrivals: AsyncStream<ImagePush.Counts>
    private let arrival: AsyncStream<ImagePush.Counts>.Continuation
    private let failure = Mutex<(failure: BuildFailure, at: ContinuousClock.Instant)?>(nil)

    fileprivate init() {
        (orders, order) = AsyncStream.makeStream()
        (arrivals, arrival) = AsyncStream.makeStream()
    }

    /// Begins to send a blob as soon as there is room for it; returns at once. One that would have to be made for that is only looked for:
    /// where it is lacking, whoever pushes the image has it made.
    package func send(_ blob: ImageBlob) { order.yield(blob) }

    /// Waits for those that are on their way; no more are sent.
    ///
    /// - Parameter recent: for how long a failure stands.
    /// - Throws: the failure that one of them ended with just now.
    func finish(recent: Duration) async throws(BuildFailure) -> ImagePush.Counts {
        order.finish()
        var counts = ImagePush.Counts()
        for await arrived in arrivals { counts.add(arrived) }
        if let last = failure.withLock({ $0 }), last.at.duration(to: .now) < recent { throw last.failure }
        return counts
    }

    fileprivate func run(_ session: RegistrySession, to target: Repository, log: any BuildLog) async {
        await withTaskGroup(of: Void.self) { group in
            var count = 0
            for await blob in orders {
                if count >= ImagePush.width { _ = await group.next() }
                count += 1
                group.addTask { await self.send(blob, session, to: target, log) }
            }
        }
        arrival.finish()
    }

    private func send(_ blob: ImageBlob, _ session: RegistrySession, to target: Repository, _ log: any BuildLog) async {
        guard failure.withLock({ $0 == nil }) else { return }
        do {
            if case .deferred = blob.source {
                if let counts = try await session.find(blob, in: target, log: log) { arrival.yield(counts) }
            } else {
                arrival.yield(try await session.push(blob, to: target, trustsHead: true, log: log))
            }
        } catch {
            let failure = BuildFailure(error, operation: "registry.push")
            guard failure.fault != .cancelled, note(failure) else { return }
            log.say("no blobs are sent ahead any more: \(failure)", .pushing)
        }
    }

    /// The first one counts.
    private func note(_ failure: BuildFailure) -> Bool {
        self.failure.withLock { noted in
            guard noted == nil else { return false }
            noted = (failure, .now)
            return true
        }
    }
}

extension RegistryClient {
    /// Calls `body` with what sends blobs ahead of an image, which is then pushed with it. What is on its way when `body` ends is given up.
    ///
    /// - Parameters:
    ///   - target: where the image will be pushed.
    ///   - log: gets a line for each blob.
    /// - Throws: what `body` throws.
    package func sendingAhead<Value: Sendable>(
        to target: ImageReference,
        log: any BuildLog,
        _ body: (BlobsAhead) async throws -> Value
    ) async throws -> Value {
        let (ahead, repository) = (BlobsAhead(), try session.settings.repository(of: target))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await ahead.run(session, to: repository, log: log) }
            defer { group.cancelAll() }
            return try await body(ahead)
        }
    }
}
