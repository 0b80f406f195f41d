internal import BuildModel
internal import Dispatch
internal import Glibc
internal import Platform

/// One connection to a Redis server: commands go out in the order of their calls, replies come back in the same order.
///
/// The socket is non-blocking and its events run on the actor's own queue; many callers share the connection by pipelining.
/// A connection that broke stays broken: whoever owns it opens another.
package actor RedisConnection {
    /// Where the connection leads.
    package nonisolated let endpoint: RedisEndpoint
    private let executor: SerialThreadExecutor
    private let decoder: ReplyDecoder
    private let tls: TLSSession?
    private var socket: RedisSocket?
    private var replies = PendingReplies()
    private var outgoing: [UInt8] = []
    private var sent = 0
    private var broken: BuildFailure?
    /// When the connection next looks for overdue replies; nil if nobody waits.
    private var nextLook: DispatchTime?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private init(endpoint: RedisEndpoint) throws(BuildFailure) {
        self.endpoint = endpoint
        executor = SerialThreadExecutor(label: "redis.connection")
        decoder = try ReplyDecoder()
        if let settings = endpoint.tls {
            tls = try TLSSession(settings, server: endpoint.host)
        } else {
            tls = nil
        }
    }

    /// Opens a connection. It is not logged in: see `logIn(name:within:)`.
    ///
    /// - Parameter limit: for the name look-up and the connect together.
    /// - Throws: `BuildFailure` with code `unreachable` (retryable) or `cancelled`.
    package static func connect(to endpoint: RedisEndpoint, within limit: Duration) async throws -> RedisConnection {
        let connection = try RedisConnection(endpoint: endpoint)
        let descriptor = try await Dialer.open(endpoint, by: Deadline(after: limit))
        await connection.take(descriptor)
        return connection
    }

    private func take(_ descriptor: Int32) {
        socket = RedisSocket(
            descriptor,
            queue: executor.queue,
            readable: { [weak self] in self?.assumeIsolated { $0.receive() } },
            writable: { [weak self] in self?.assumeIsolated { $0.flush() } }
        )
        if let tls {
            outgoing += tls.takeOutgoing()
            flush()
        }
    }

    /// Whether commands can still be sent.
    package var isOpen: Bool { broken == nil }

    /// Ends the connection; commands in flight fail with code `unreachable`.
    package func close() {
        fail(.unreachable(endpoint, operation: "redis.close", reason: "is no longer used: the connection was closed."))
    }

    /// Sends a command and waits for its reply.
    ///
    /// A cancelled caller leaves at once. Its reply is skipped when it comes; a command that `blocks` in the server closes the
    /// connection instead, as does a reply that is overdue, for nothing behind it could be answered either.
    ///
    /// - Parameters:
    ///   - words: the command and its arguments.
    ///   - limit: for the reply; blocking commands add their own waiting time to it.
    ///   - blocks: whether the command waits in the server (`BLOCK`).
    /// - Returns: the reply, which may be an error reply.
    /// - Throws: `BuildFailure`: `unreachable` (retryable; the command may or may not have run), `protocol_violation`, `cancelled`.
    package func send(_ words: [RedisArgument], within limit: Duration, blocks: Bool = false) async throws -> RedisValue
    {
        if let broken { throw broken }
        let encoded = try CommandEncoder.encode(words)
        let ticket = replies.reserve()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                replies.add(ticket, continuation, limit: limit)
                look(by: .now() + limit.seconds)
                queue(encoded)
                flush()
            }
        } onCancel: {
            executor.queue.async { self.assumeIsolated { $0.abandon(ticket, blocks: blocks) } }
        }
    }

    /// Puts bytes in line for the socket, encrypted where that is agreed.
    private func queue(_ bytes: [UInt8]) {
        guard let tls else { return outgoing += bytes }
        do {
            try tls.send(bytes)
            outgoing += tls.takeOutgoing()
        } catch {
            fail(explained(error))
        }
    }

    /// Looks for overdue replies at `time`, or earlier if that is planned already: one timer for all who wait, for most
    /// replies come long before and each timer would wake the process.
    private func look(by time: DispatchTime) {
        if let nextLook, nextLook <= time { return }
        nextLook = time
        executor.queue.asyncAfter(deadline: time) { [weak self] in
            self?.assumeIsolated { connection in
                guard connection.nextLook == time else { return }
                connection.nextLook = nil
                connection.failIfOverdue()
            }
        }
    }

    /// Tells those who waited for a short time; a reply that is owed for longer breaks the connection, for replies come in order.
    private func failIfOverdue() {
        for late in replies.giveUp() { late.continuation.resume(throwing: overdue(late.limit)) }
        guard let first = replies.earliest else { return }
        guard first.due <= .now() else { return look(by: first.due) }
        fail(overdue(first))
    }

    private func overdue(_ limit: PendingReplies.Limit) -> BuildFailure {
        let reason = "did not answer within \(limit.limit.milliseconds) ms."
        return .unreachable(endpoint, operation: "redis.send", reason: reason)
    }

    private func abandon(_ ticket: UInt64, blocks: Bool) {
        guard let continuation = replies.abandon(ticket) else { return }
        continuation.resume(throwing: BuildFailure.cancelled(operation: "redis.send"))
        if blocks { close() }
    }

    private func flush() {
        guard let socket, broken == nil else { return }
        while sent < outgoing.count {
            switch socket.write(outgoing[sent...]) {
            case .success(0): return socket.awaitWriting(true)
            case .success(let count): sent += count
            case .failure(let error): return lose(errno: error.number)
            }
        }
        outgoing.removeAll(keepingCapacity: outgoing.count <= 65536)
        sent = 0
        socket.awaitWriting(false)
    }

    private func receive() {
        guard let socket, broken == nil else { return }
        switch socket.read() {
        case .nothingYet: return
        case .closed: fail(.unreachable(endpoint, operation: "redis.receive", reason: "closed the connection."))
        case .failed(let error): lose(errno: error)
        case .bytes(let bytes): deliver(bytes)
        }
    }

    private func deliver(_ bytes: ArraySlice<UInt8>) {
        do {
            if let tls {
                let plain = try tls.receive(bytes)
                outgoing += tls.takeOutgoing()
                flush()
                try decoder.feed(plain[...])
            } else {
                try decoder.feed(bytes)
            }
            while let value = try decoder.next() {
                if let continuation = try replies.answer(endpoint) { continuation.resume(returning: value) }
            }
        } catch {
            // What says why goes out first: the server's log should have it too.
            if let tls { outgoing += tls.takeOutgoing() }
            flush()
            fail(explained(error))
        }
    }

    /// A failure of TLS with the server's address and the settings that it hangs on.
    private func explained(_ failure: BuildFailure) -> BuildFailure {
        var failure = failure
        if failure.code == .certificateUntrusted {
            failure.message = "\(endpoint): \(failure.message) redis.certificateAuthorityFile names whom to trust."
        } else if failure.code == .tlsFailed {
            failure.message =
                "\(endpoint): \(failure.message) Does the server speak TLS there, and want a redis.clientCertificateFile?"
        }
        return failure
    }

    private func lose(errno: Int32) {
        let words = unsafe String(cString: strerror(errno))
        fail(.unreachable(endpoint, operation: "redis.io", reason: "was lost.", cause: words))
    }

    private func fail(_ failure: BuildFailure) {
        guard broken == nil else { return }
        broken = failure
        socket?.close()
        outgoing = []
        for continuation in replies.drain() { continuation.resume(throwing: failure) }
    }
}
