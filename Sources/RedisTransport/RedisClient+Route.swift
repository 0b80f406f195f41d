internal import BuildModel
internal import Platform

extension RedisClient {
    /// Sends a command to wherever the queue is: follows what servers say that no longer have it. Each of them has refused the
    /// command whole, so that it is never done twice.
    func route(_ words: [RedisArgument], by deadline: Deadline) async throws -> RedisValue {
        while true {
            let connection = try await shared.connection(by: deadline)
            guard !deadline.hasPassed else { throw late }
            let reply = try await connection.send(words, within: deadline.remaining)
            guard let redirection = Redirection(reply, from: connection.endpoint) else { return reply }
            // A single server that belongs to a cluster is a mistake of the configuration, which its words explain.
            if opener.finder.location.kind == .server, redirection != .demoted { return reply }
            if case .ask(let address) = redirection { return try await ask(address, words, by: deadline) }
            if case .moved(let address) = redirection { opener.finder.follow(address) }
            await connection.close()
            guard opener.finder.location.kind != .server, !deadline.hasPassed else { return reply }
            try await Task.sleep(for: min(deadline.remaining, .milliseconds(Int64.random(in: 10...50))))
        }
    }

    private var late: BuildFailure {
        .unreachable(endpoint, operation: "redis.send", reason: "could not be connected to in time.")
    }

    /// One command for a node that a slot is on its way to.
    private func ask(
        _ address: RedisEndpoint.Address,
        _ words: [RedisArgument],
        by deadline: Deadline
    ) async throws -> RedisValue {
        var target = endpoint
        target.address = address
        let connection = try await opener.open(target, within: deadline.remaining)
        do {
            _ = try await connection.send(["ASKING"], within: deadline.remaining)
            let reply = try await connection.send(words, within: deadline.remaining)
            await connection.close()
            return reply
        } catch {
            await connection.close()
            throw error
        }
    }
}
