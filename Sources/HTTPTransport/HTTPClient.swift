/// Requests over libcurl: pooled connections, streamed bodies, one thread for all of them.
///
/// Redirects are not followed and cookies not kept. Proxies come from the environment (`http_proxy`, `https_proxy`, `no_proxy`),
/// trusted authorities from the request, else from `SSL_CERT_FILE` and `SSL_CERT_DIR`, else from the system. Every request ends by
/// its `HTTPLimits`, and at once when its task is cancelled. Errors are `BuildFailure`s whose messages show no query and no
/// credentials; an answer with any status is not an error here.
package final class HTTPClient: Sendable {
    private let loop: EventLoop

    /// Starts the client's thread.
    ///
    /// - Parameter label: the name shown by debuggers, such as `http.registry`.
    package init(label: String) {
        loop = EventLoop(label: label)
    }

    deinit { loop.stop() }

    /// Sends a request and returns the answer with its whole body.
    ///
    /// - Throws: `BuildFailure`: `limit_exceeded` if the body has more than `limits.responseBytes`; `unreachable`, `connection_lost` and
    ///   `deadline_exceeded`, which are retryable; `untrusted_certificate`; `cancelled`; or what the request's content throws.
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

    /// Cancels what runs, closes all connections and ends the thread. Later requests fail as cancelled.
    package func shutdown() async {
        loop.stop()
        await loop.waitUntilEnded()
    }

    private func run(_ request: HTTPRequest, into sink: Transfer.Sink) async throws -> TransferResult {
        let transfer = try Transfer(request, sink: sink)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                transfer.prepare(continuation)
                loop.start(transfer)
            }
        } onCancel: {
            loop.cancel(transfer)
        }
    }
}
