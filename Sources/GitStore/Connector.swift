internal import BuildModel
internal import Glibc
internal import Platform

/// Makes the TCP connection of an operation.
struct Connector {
    private static let limit = Duration.seconds(20)
    private let operation: FetchOperation

    init(_ operation: FetchOperation) {
        self.operation = operation
    }

    /// Tries a host's addresses in the resolver's order.
    ///
    /// - Returns: a connected socket that does not block.
    /// - Throws: `BuildFailure` with code `unreachable`, `cancelled` or `deadline_exceeded`.
    func connect(host: String, port: String) throws(BuildFailure) -> Int32 {
        let addresses = try NameResolution(operation).addresses(of: host, port: port)
        var reason = "no address"
        for address in addresses {
            switch connect(to: address) {
            case .success(let descriptor): return descriptor
            case .failure(let error): reason = error.words
            }
            if let failure = operation.failure { throw failure }
            guard !operation.isCancelled else { throw .cancelled(operation: "git.fetch") }
        }
        throw .unreachable(operation.url, cause: reason)
    }

    private struct ConnectError: Error {
        var words: String

        init(_ number: Int32) {
            words = unsafe String(cString: strerror(number))
        }
    }

    private func connect(to address: SocketAddress) -> Result<Int32, ConnectError> {
        let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue) | Self.flags, 0)
        guard descriptor >= 0 else { return .failure(ConnectError(errno)) }
        guard operation.attach(descriptor) else {
            operation.close(descriptor)
            return .failure(ConnectError(ECANCELED))
        }
        let error = finish(descriptor, address)
        guard error == 0 else {
            operation.close(descriptor)
            return .failure(ConnectError(error))
        }
        var one: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return .success(descriptor)
    }

    private static let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    /// Connects and waits for the outcome: an error number, 0 for success.
    private func finish(_ descriptor: Int32, _ address: SocketAddress) -> Int32 {
        let result = unsafe address.withPointer { pointer, length in
            unsafe Glibc.connect(descriptor, pointer, length)
        }
        if result == 0 { return 0 }
        guard errno == EINPROGRESS else { return errno }
        guard operation.wait(for: descriptor, events: POLLOUT, limit: Self.limit, isConnecting: true) else {
            return operation.isCancelled ? ECANCELED : ETIMEDOUT
        }
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        return error
    }
}

extension FetchOperation {
    /// Waits until the socket is ready.
    ///
    /// - Parameter isConnecting: a time-out is then not yet the end: there may be another address.
    /// - Returns: false when the operation is cancelled or out of time; the reason is kept.
    func wait(for descriptor: Int32, events: Int32, limit: Duration, isConnecting: Bool = false) -> Bool {
        let end = Deadline(after: limit)
        while !isCancelled {
            let rest = min(end.remaining, deadline.remaining)
            guard rest > .zero else {
                if deadline.hasPassed {
                    fail(.fetchTimedOut(url, settings.timeout))
                } else if !isConnecting {
                    fail(.unreachable(url, cause: "no answer within \(limit)"))
                }
                return false
            }
            // In slices while connecting: shutting down a socket that is not connected yet wakes nobody.
            let slice = isConnecting ? min(rest, .milliseconds(100)) : rest
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let ready = unsafe poll(&entry, 1, Int32(clamping: slice.milliseconds + 1))
            if ready > 0 { return !isCancelled }
            if ready < 0 && errno != EINTR { return false }
        }
        return false
    }
}
