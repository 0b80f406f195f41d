internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform

/// Sends requests to the API server, again where that may help, and makes failures of what it answers.
///
/// Reading, server-side apply and merge patches may be repeated when a reply was lost; so may a creation, whose repetition is
/// answered by `already_exists`.
struct ClusterClient: Sendable {
    let credentials: ClusterCredentials
    let http: HTTPClient
    private(set) var settings: DeployerSettings
    /// Shared by all copies.
    private let pace: RequestPace

    init(credentials: ClusterCredentials, http: HTTPClient, settings: DeployerSettings) {
        self.credentials = credentials
        self.http = http
        self.settings = settings
        pace = RequestPace(perSecond: settings.requestsPerSecond, burst: settings.requestBurst)
    }

    /// The same with few and short tries, for what is asked again anyway, or has to be known soon.
    var impatient: ClusterClient {
        var copy = self
        copy.settings.attempts = min(2, settings.attempts)
        copy.settings.requestLimit = min(.seconds(5), settings.requestLimit)
        return copy
    }

    /// What came back from a request that succeeded.
    struct Reply {
        var object: JSONValue
        /// The texts of `Warning` headers.
        var warnings: [String]
    }

    /// Sends a request until it succeeds, fails for good, or has been sent often enough.
    ///
    /// - Parameter confirm: called before every sending, which then needs the task's `SendPermit` too; what it throws ends the call.
    func send(_ request: ClusterRequest, confirm: (() async throws -> Void)? = nil) async throws -> Reply {
        try await repeatedly(request, confirm: confirm) { response, body in
            try reply(response, body, to: request)
        }
    }

    /// Sends a request whose answer is text, such as a log.
    func text(_ request: ClusterRequest) async throws -> String {
        try await repeatedly(request, confirm: nil) { _, body in String(decoding: body, as: UTF8.self) }
    }

    private func repeatedly<Value>(
        _ request: ClusterRequest,
        confirm: (() async throws -> Void)?,
        read: (HTTPResponse, [UInt8]) throws -> Value
    ) async throws -> Value {
        var backoff = Backoff(base: settings.retryDelay)
        var left = max(1, settings.attempts)
        var mayRenew = credentials.isRenewable
        while true {
            try await confirm?()
            left -= 1
            switch try await attempt(request, needsPermit: confirm != nil) {
            case .done(let response, let body): return try read(response, body)
            case .failed(let failure, _) where failure.code == .unauthorized && mayRenew:
                // A token that was rotated or revoked since it was read: once more with a new one.
                mayRenew = false
            case .failed(let failure, let retryAfter):
                // Who changed the object meanwhile has to be looked at before it is sent again.
                guard failure.isRetryable, failure.code != .objectChanged, left > 0 else { throw failure }
                try await pause(for: backoff.next(retryAfter: retryAfter), in: request)
            }
        }
    }

    private enum Outcome {
        case done(HTTPResponse, [UInt8])
        case failed(BuildFailure, retryAfter: Duration?)
    }

    private func attempt(_ request: ClusterRequest, needsPermit: Bool) async throws -> Outcome {
        var limits = HTTPLimits()
        limits.total = settings.requestLimit
        limits.responseBytes = 32 << 20
        let response: HTTPResponse
        let body: [UInt8]
        do {
            var signed = try await signed(request, limits)
            signed.needsPermit = needsPermit
            (response, body) = try await http.execute(signed)
            if response.status == 401 { await credentials.forget(signed) }
        } catch let error as BuildFailure {
            return .failed(unanswered(error, request), retryAfter: nil)
        }
        if response.isSuccess { return .done(response, body) }
        return .failed(refusal(response, body, of: request), retryAfter: Self.retryAfter(response))
    }

    /// The request with our credentials, when it is its turn.
    func signed(_ request: ClusterRequest, _ limits: HTTPLimits) async throws -> HTTPRequest {
        let delay = pace.delay()
        if delay > .zero { try await pause(for: delay, in: request) }
        return try await credentials.signed(request.http(to: credentials, limits: limits))
    }

    static func retryAfter(_ response: HTTPResponse) -> Duration? {
        Backoff.retryAfter(response.headers["Retry-After"])
    }

    func refusal(_ response: HTTPResponse, _ body: [UInt8], of request: ClusterRequest) -> BuildFailure {
        ClusterStatus(code: response.status, body: body).failure(of: request, credentials: credentials)
    }

    private func reply(_ response: HTTPResponse, _ body: [UInt8], to request: ClusterRequest) throws -> Reply {
        guard let object = try? JSONDocument.parse(body), object.object != nil else {
            throw BuildFailure(
                .platform,
                .protocolViolation,
                operation: request.operation,
                message: "\(credentials.server) answered with something that is no JSON object: "
                    + "check that it is a Kubernetes API server (\(credentials.origin))."
            )
        }
        return Reply(object: object, warnings: WarningHeader.texts(response.headers.all("Warning")))
    }

    /// A failure before an answer came, with the cluster's name added to the transport's words.
    func unanswered(_ error: BuildFailure, _ request: ClusterRequest) -> BuildFailure {
        guard error.fault != .cancelled, error.code != .invalidConfiguration else { return error }
        var failure = error
        failure.operation = request.operation
        failure.message =
            "\(request.verb.gerund) the \(request.subject) at \(credentials.server) (\(credentials.origin)) failed: "
            + error.message
        return failure
    }

    func pause(for delay: Duration, in request: ClusterRequest) async throws {
        do {
            try await Task.sleep(for: delay)
        } catch {
            throw BuildFailure.cancelled(operation: request.operation)
        }
    }
}
