internal import BuildModel
internal import HTTPTransport
internal import Platform
internal import Synchronization

/// What a registry says to somebody who wants to push.
package enum PushAnswer: Sendable, Hashable {
    case allowed
    /// It says no, or pushing cannot work there: the request, its words and what to do.
    case refused(String)
    /// It cannot say now: the same.
    case unknown(String)
}

/// What a registry says of itself, and what was learned of it by using it.
package struct RegistryProbe: Sendable, Hashable {
    /// The URL of its API.
    package var url: String
    /// What it answers to `GET /v2/`: 200 lets us in, 401 does not.
    package var status: Int
    /// How it wants to know who we are: `basic`, `bearer`; nil if it does not ask.
    package var scheme: String?
    /// Who gives tokens.
    package var realm: String?
    /// As whom we showed ourselves.
    package var identity: String?
    /// Whether we may open an upload in the repository that was named; nil if none was.
    package var pushing: PushAnswer?
    package var knowledge: HostKnowledge
}

extension RegistryClient {
    /// Asks a registry what it is, without leaving anything there: distribution spec, "Determining Support".
    ///
    /// - Parameters:
    ///   - host: as image references name it.
    ///   - repository: where uploads and lists of referrers are tried, or nil.
    /// - Throws: `BuildFailure`: `unreachable` and others if there is no registry; a refusal is a result.
    package func probe(_ host: String, repository: String?) async throws -> RegistryProbe {
        let place = Repository(registry: host, base: try session.settings.base(of: host), name: repository ?? "")
        let url = try HTTPURL(parsing: "\(place.base.scheme)://\(place.base.authority)/v2/")
        var request = RegistryRequest(.get, url, in: place, actions: "pull", purpose: "ask for the API")
        if repository == nil { request.scopes = [] }
        let status = try await session.orRefused(401) { try await session.send(request, attempts: 2).0.status }
        let pushing = repository == nil ? nil : try await session.pushAnswer(of: place)
        // One that asks for patience is not asked once more.
        if let pushing, pushing.isKnown { _ = try? await session.referrers(of: Digest(of: "slipway"), in: place) }
        let challenge = session.challenges.withLock { $0[place.base.text] }
        return RegistryProbe(
            url: url.text,
            status: status,
            scheme: challenge?.scheme,
            realm: challenge?.parameters["realm"],
            identity: session.identities.lastKnown(for: place)?.description,
            pushing: pushing,
            knowledge: session.knowledge[place.base.authority]
        )
    }
}

extension PushAnswer {
    fileprivate var isKnown: Bool {
        guard case .unknown = self else { return true }
        return false
    }
}

extension RegistrySession {
    /// What a request gives, or `refusal` where a token server says no.
    fileprivate func orRefused<Value: Sendable>(
        _ refusal: Value,
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let failure as BuildFailure where failure.code == .unauthorized {
            return refusal
        }
    }

    /// Opens an upload and closes it again.
    fileprivate func pushAnswer(of place: Repository) async throws -> PushAnswer {
        do {
            try await tryUpload(in: place)
            return .allowed
        } catch let failure as BuildFailure where failure.fault != .cancelled {
            return failure.isRetryable ? .unknown(failure.message) : .refused(failure.message)
        }
    }

    private func tryUpload(in place: Repository) async throws {
        let url = try place.url("blobs/uploads/")
        let request = RegistryRequest(.post, url, in: place, actions: "pull,push", purpose: "try an upload")
        let (response, body) = try await send(request, attempts: 1)
        guard response.isSuccess else { throw failure(request, response, body) }
        await close(try location(in: response, of: request), in: place, purpose: "close an upload")
    }
}
