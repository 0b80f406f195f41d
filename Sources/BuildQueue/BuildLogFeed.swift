internal import BuildModel
internal import Platform
internal import RedisTransport

/// The entries of one build's log, from a number on.
///
/// Following goes on until the build has ended and every entry was read. Each iteration is a reader of its own.
package struct BuildLogFeed: AsyncSequence, Sendable {
    let client: BuildQueueClient
    let id: String
    let first: Int64
    let follows: Bool

    package func makeAsyncIterator() -> Iterator {
        Iterator(feed: self, cursor: Swift.max(0, first - 1))
    }

    /// Reads in batches; holds one batch.
    package struct Iterator: AsyncIteratorProtocol {
        let feed: BuildLogFeed
        var cursor: Int64
        private var batch: ArraySlice<LogEntry> = []
        private var lastEvent = "0-0"

        init(feed: BuildLogFeed, cursor: Int64) {
            self.feed = feed
            self.cursor = cursor
        }

        /// The next entry; nil at the end.
        ///
        /// - Throws: `BuildFailure`; the caller may start another reader after the last entry it got.
        package mutating func next() async throws -> LogEntry? {
            while batch.isEmpty {
                guard try await fill() else { return nil }
            }
            return batch.popFirst()
        }
    }
}

extension BuildLogFeed.Iterator {
    private var keys: QueueKeys { feed.client.caller.keys }

    /// Reads the next batch, waiting for one where the feed follows; false at the end.
    private mutating func fill() async throws -> Bool {
        // Asked before reading: entries that come later than an end do not exist.
        let isOver = try await feed.client.isOver(feed.id)
        try await readPresent()
        if !batch.isEmpty { return true }
        guard feed.follows, !isOver else { return false }
        try await waitForMore()
        return true
    }

    private mutating func readPresent() async throws {
        let start = RedisArgument("\(cursor + 1)-0")
        let reply = try await feed.client.caller.client.send(
            ["XRANGE", keys.log(feed.id), start, "+", "COUNT", "500"]
        )
        try take(reply)
    }

    /// Waits for a log entry or an event: the last event is what tells that there will be no more entries.
    private mutating func waitForMore() async throws {
        let wait = Duration.seconds(10)
        let reply = try await feed.client.caller.client.sendBlocking(
            [
                "XREAD", "COUNT", "500", "BLOCK", RedisArgument(wait.milliseconds), "STREAMS", keys.log(feed.id),
                keys.events(feed.id), "\(cursor)-0", RedisArgument(lastEvent),
            ],
            waiting: wait
        )
        for stream in reply.array ?? [] {
            if stream[0]?.text.map({ RedisArgument($0) }) == keys.log(feed.id) {
                try take(stream[1] ?? .null)
            } else {
                lastEvent = stream[1]?.array?.last?[0]?.text ?? lastEvent
            }
        }
    }

    private mutating func take(_ entries: RedisValue) throws(BuildFailure) {
        for value in entries.array ?? [] {
            let entry = try LogEntry(value, after: cursor)
            batch.append(entry)
            cursor = entry.sequence
        }
    }
}
