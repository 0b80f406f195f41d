internal import BuildModel
internal import RedisTransport

extension BuildQueueClient {
    /// A build's log.
    ///
    /// - Parameters:
    ///   - first: the number of the first entry wanted, from 1.
    ///   - follow: whether to wait for more until the build ends.
    /// - Throws: `BuildFailure` with code `not_found`.
    package func logs(_ id: String, from first: Int64 = 1, follow: Bool = false) async throws -> BuildLogFeed {
        guard try await status(id) != nil else { throw Self.unknown(id) }
        return BuildLogFeed(client: self, id: id, first: first, follows: follow)
    }

    /// Whether the build has ended, or is forgotten.
    func isOver(_ id: String) async throws -> Bool {
        let state = try await caller.client.send(["HGET", caller.keys.build(id), "state"]).text
        return state.flatMap(BuildState.init(rawValue:))?.isTerminal ?? true
    }
}
