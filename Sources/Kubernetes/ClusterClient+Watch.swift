internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform

/// One line of a watch: API concepts, "Efficient detection of changes".
struct WatchEvent {
    enum Kind: String {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
        case error = "ERROR"
    }

    var kind: Kind
    var object: JSONValue

    /// - Returns: nil for a line that is no event of a kind that we know.
    init?(_ line: [UInt8]) {
        guard let json = try? JSONDocument.parse(line), let object = json["object"],
            let kind = (json["type"]?.string).flatMap({ Kind(rawValue: $0) })
        else { return nil }
        self.kind = kind
        self.object = object
    }
}

/// The server did not open a watch.
struct RefusedWatch: Error {
    var failure: BuildFailure
    /// How long the server wants to be left alone.
    var retryAfter: Duration?
}

extension ClusterClient {
    /// Opens one watch and hands over its events until the server ends it.
    ///
    /// - Parameter period: after which the server ends it by itself. A server that dies may leave the connection open without a word, so
    ///   that the watch is also given up here a while after that.
    /// - Throws: `RefusedWatch`; `BuildFailure`: with code `watch_expired` when the version asked for is too old; what `handle` throws.
    func watch(
        _ request: ClusterRequest,
        period: Duration,
        handle: (WatchEvent) throws -> Void
    ) async throws {
        var limits = HTTPLimits()
        limits.total = period + settings.watchGrace
        limits.stall = period + settings.watchGrace
        let signed = try await signed(request, limits)
        let (lines, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await pump(signed, request, to: continuation) }
            defer { group.cancelAll() }
            for try await line in lines where !line.isEmpty {
                guard let event = WatchEvent(line) else { throw garbled(request) }
                if event.kind == .error { throw Self.failure(of: event, request, credentials) }
                try handle(event)
            }
        }
        try Task.checkCancellation()
    }

    private func pump(
        _ signed: HTTPRequest,
        _ request: ClusterRequest,
        to continuation: AsyncThrowingStream<[UInt8], any Error>.Continuation
    ) async {
        let splitter = LineSplitter(limit: 32 << 20) { continuation.yield($0) }
        do {
            let (response, body) = try await http.download(signed) { bytes throws(BuildFailure) in
                try splitter.add(bytes)
            }
            if response.status == 401 { await credentials.forget(signed) }
            guard response.isSuccess else {
                let failure = refusal(response, body, of: request)
                return continuation.finish(
                    throwing: RefusedWatch(failure: failure, retryAfter: Self.retryAfter(response))
                )
            }
            continuation.finish()
        } catch let error as BuildFailure {
            continuation.finish(throwing: error.operation == request.operation ? error : unanswered(error, request))
        } catch {
            continuation.finish(throwing: error)
        }
    }

    /// An ERROR event carries a `Status` with the code that an answer would have had.
    private static func failure(
        of event: WatchEvent,
        _ request: ClusterRequest,
        _ credentials: ClusterCredentials
    ) -> BuildFailure {
        let code = event.object["code"]?.integer.flatMap { Int(exactly: $0) } ?? 500
        return ClusterStatus(code: code, body: event.object.canonicalBytes)
            .failure(of: request, credentials: credentials)
    }

    private func garbled(_ request: ClusterRequest) -> BuildFailure {
        BuildFailure(
            .platform,
            .protocolViolation,
            operation: request.operation,
            message:
                "\(credentials.server) sent a line in a watch that is no event; check what stands before the API server.",
            isRetryable: true
        )
    }
}
