internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform

/// Sends requests to the API server, again where that may help, and makes failures of what it answers.
///
/// Only `GET` and server-side apply are sent, which may both be repeated when a reply was lost.
struct ClusterClient: Sendable {
    let credentials: ClusterCredentials
    let http: HTTPClient
    let settings: DeployerSettings

    /// What came back from a request that succeeded.
    struct Reply {
        var object: JSONValue
        /// The texts of `Warning` headers.
        var warnings: [String]
    }

    /// Sends a request until it succeeds, fails for good, or has been sent often enough.
    ///
    /// - Parameter confirm: called before every sending; what it throws ends the call.
    func send(_ request: ClusterRequest, confirm: () async throws -> Void = {}) async throws -> Reply {
        var backoff = Backoff(base: settings.retryDelay)
        var left = max(1, settings.attempts)
        while true {
            try await confirm()
            left -= 1
            switch try await attempt(request) {
            case .done(let reply): return reply
            case .failed(let failure, let retryAfter):
                guard failure.isRetryable, left > 0 else { throw failure }
                try await pause(for: backoff.next(retryAfter: retryAfter), in: request)
            }
        }
    }

    private enum Outcome {
        case done(Reply)
        case failed(BuildFailure, retryAfter: Duration?)
    }

    private func attempt(_ request: ClusterRequest) async throws -> Outcome {
        let response: HTTPResponse
        let body: [UInt8]
        do {
            (response, body) = try await http.execute(request.http(to: credentials, limit: settings.requestLimit))
        } catch let error as BuildFailure {
            return .failed(unanswered(error, request), retryAfter: nil)
        }
        if response.isSuccess { return .done(try reply(response, body, to: request)) }
        let status = ClusterStatus(code: response.status, body: body)
        return .failed(
            status.failure(of: request, credentials: credentials),
            retryAfter: Backoff.retryAfter(response.headers["Retry-After"])
        )
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
    private func unanswered(_ error: BuildFailure, _ request: ClusterRequest) -> BuildFailure {
        guard error.fault != .cancelled, error.code != .invalidConfiguration else { return error }
        var failure = error
        failure.operation = request.operation
        failure.message =
            "\(request.verb.gerund) the \(request.subject) at \(credentials.server) (\(credentials.origin)) failed: "
            + error.message
        return failure
    }

    private func pause(for delay: Duration, in request: ClusterRequest) async throws {
        do {
            try await Task.sleep(for: delay)
        } catch {
            throw BuildFailure.cancelled(operation: request.operation)
        }
    }
}
