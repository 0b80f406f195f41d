internal import BuildModel
internal import Platform

/// Opens connections that are ready for commands, and waits longer after every failure in a row.
actor ConnectionOpener {
    nonisolated let finder: ServerFinder
    private let name: String
    private var backoff = Backoff()
    private var notBefore = ContinuousClock.now

    /// What messages call the server when none has been found.
    nonisolated var endpoint: RedisEndpoint { finder.location.endpoint }

    init(_ finder: ServerFinder, name: String) {
        self.finder = finder
        self.name = name
    }

    /// A connection to the server that has the queue, tried for again and again until the deadline.
    ///
    /// - Throws: the last failure; at once if trying again cannot help (a wrong password).
    func open(by deadline: Deadline) async throws -> RedisConnection {
        while true {
            do {
                try await Task.sleep(until: min(notBefore, deadline.instant), clock: .continuous)
                let connection = try await attempt(within: max(.milliseconds(1), min(deadline.remaining, .seconds(5))))
                backoff = Backoff()
                return connection
            } catch {
                let failure = BuildFailure(error, operation: "redis.connect")
                notBefore = ContinuousClock.now + backoff.next()
                guard failure.isRetryable, notBefore < deadline.instant else { throw failure }
            }
        }
    }

    private func attempt(within limit: Duration) async throws -> RedisConnection {
        let found = try await finder.find(within: limit)
        let connection = try await open(found, within: limit)
        do {
            try await finder.check(connection, within: limit)
            return connection
        } catch {
            await connection.close()
            throw error
        }
    }

    /// A connection to a server that is known, tried once.
    nonisolated func open(_ endpoint: RedisEndpoint, within limit: Duration) async throws -> RedisConnection {
        let connection = try await RedisConnection.connect(to: endpoint, within: limit)
        do {
            try await connection.logIn(name: name, within: limit)
            return connection
        } catch {
            await connection.close()
            throw error
        }
    }
}

/// Delays that double from 50 ms to 3 s, each made shorter by a random part so that a fleet does not come back in step.
struct Backoff {
    private var ceiling = Duration.milliseconds(50)

    /// The next delay: between half of the ceiling and all of it.
    mutating func next() -> Duration {
        defer { ceiling = min(ceiling * 2, .seconds(3)) }
        return ceiling * Double.random(in: 0.5...1)
    }
}
