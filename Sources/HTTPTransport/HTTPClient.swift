internal import Synchronization

/// Requests over libcurl: pooled connections, streamed bodies, one thread for all of them, and one for bodies that are streamed.
///
/// Streams of one HTTP/2 connection share a TCP window, and a disk that a body is read from or written to may be slow: so bulk has
/// connections and a thread of its own, and no small request waits behind it. Small ones share a connection where the host
/// speaks HTTP/2.
///
/// Redirects are not followed and cookies not kept. Proxies come from the environment (`http_proxy`, `https_proxy`, `no_proxy`),
/// trusted authorities from the request, else from `SSL_CERT_FILE` and `SSL_CERT_DIR`, else from the system. Every request ends by
/// its `HTTPLimits`, and at once when its task is cancelled. Errors are `BuildFailure`s whose messages show no query and no
/// credentials; an answer with any status is not an error here.
package final class HTTPClient: Sendable {
    private enum Bulk {
        case unused
        case running(EventLoop)
        case ended
    }

    private let label: String
    private let loop: EventLoop
    private let bulk = Mutex(Bulk.unused)

    /// Starts the client's thread.
    ///
    /// - Parameter label: the name shown by debuggers, such as `http.registry`.
    package init(label: String) {
        self.label = label
        loop = EventLoop(label: label)
    }

    deinit {
        loop.stop()
        if case .running(let loop) = bulk.withLock({ $0 }) { loop.stop() }
    }

    /// Sends a request and returns the answer with its whole body; of a 4xx or 5xx answer the first 64 KiB.
    ///
    /// - Throws: `BuildFailure`: `limit_exceeded` if the body has more than `limits.responseBytes`; `unreachable`, `connection_lost` and
    ///   `deadline_exceeded`, which are retryable; `untrusted_certificate`; `address_not_allowed`, of the code; `cancelled`; or what the request's content throws.
    package func execute(_ request: HTTPRequest) async throws -> (HTTPResponse, [UInt8]) {
        try await run(request, into: .memory(limit: request.limits.responseBytes))
    }

    /// Sends a request and hands the body of a 2xx answer to `sink` piece by piece.
    ///
    /// - Parameters:
    ///   - head: called before the first piece, with the answer's head. What it throws ends the request.
    ///   - sink: called on the client's thread, in order; it may block briefly, as on a local disk. What it throws ends the request.
    /// - Returns: the answer's head, and if it is not 2xx the first 64 KiB of its body.
    /// - Throws: as `execute`, or what `sink` throws.
    package func download(
        _ request: HTTPRequest,
        head: @escaping HeadSink = { _ in },
        to sink: @escaping BodySink
    ) async throws -> (HTTPResponse, [UInt8]) {
        try await run(request, into: .stream(sink, head: head))
    }

    /// Cancels what runs, closes all connections and ends the threads. Later requests fail as cancelled.
    package func shutdown() async {
        let bulk = bulk.withLock { bulk in
            defer { bulk = .ended }
            return bulk
        }
        loop.stop()
        if case .running(let loop) = bulk {
            loop.stop()
            await loop.waitUntilEnded()
        }
        await loop.waitUntilEnded()
    }

    /// The loop of a transfer. The one for bulk starts at first use.
    private func loop(for transfer: Transfer) -> EventLoop {
        guard transfer.isBulk else { return loop }
        return bulk.withLock { bulk in
            switch bulk {
            case .ended: return loop
            case .running(let loop): return loop
            case .unused:
                let loop = EventLoop(label: "\(label).bulk")
                bulk = .running(loop)
                return loop
            }
        }
    }

    private func run(_ request: HTTPRequest, into sink: Transfer.Sink) async throws -> TransferResult {
        let transfer = try Transfer(request, sink: sink)
        let loop = loop(for: transfer)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                transfer.prepare(continuation, on: loop)
                loop.start(transfer)
            }
        } onCancel: {
            loop.cancel(transfer)
        }
    }
}
