internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform
internal import Synchronization

/// The Git LFS server of one repository, and how it is asked: with deadlines, patience, and the repository's credentials.
final class LargeFileServer: Sendable {
    /// Its URL, and what is configured for it.
    let operation: FetchOperation
    private let http: HTTPClient
    private let tls: TLSSettings
    /// The host of the repository that the files belong to.
    private let home: String
    /// The credential that led in, once one did.
    private let authorization = Mutex<Redacted<String>?>(nil)

    private static let attempts = 4
    private static let longestPause = Duration.seconds(60)
    private static let contentType = "application/vnd.git-lfs+json"
    /// Files in one question: what hosts take at least.
    static let batch = 100

    /// - Parameter home: the host of the repository that the files belong to.
    /// - Throws: `BuildFailure` if the configured certificates cannot be read.
    init(_ operation: FetchOperation, home: String, http: HTTPClient) throws(BuildFailure) {
        self.operation = operation
        self.home = home.lowercased()
        self.http = http
        var tls = TLSSettings()
        if let file = operation.settings.certificateAuthorityFile { tls.certificateAuthorities = try Files.read(file) }
        self.tls = tls
    }

    /// For people.
    var shown: String { operation.url.display }

    /// Asks where files are: at most `batch` of them.
    ///
    /// - Returns: by digest, what the server says of each.
    /// - Throws: `BuildFailure` that names the server.
    func locate(_ files: [LargeFile]) async throws -> [Digest: JSONValue] {
        let objects = files.map { file in
            JSONValue.object(["oid": .string(file.pointer.digest.hex), "size": .integer(file.pointer.size)])
        }
        let question: JSONValue = [
            "operation": "download", "transfers": ["basic"], "hash_algo": "sha256", "objects": .array(objects),
        ]
        let (response, body) = try await ask(question.canonicalBytes)
        guard response.isSuccess else { throw failure(response, body) }
        guard let answer = try? JSONDocument.parse(body), let found = answer["objects"]?.array,
            ["basic", nil].contains(answer["transfer"]?.string)
        else { throw unavailable("does not answer as one") }
        var places: [Digest: JSONValue] = [:]
        for object in found {
            guard let id = object["oid"]?.string, let digest = try? Digest(parsing: "sha256:\(id)") else { continue }
            places[digest] = object
        }
        return places
    }

    /// Asks without a credential first, as git does; then with each that there is for the place.
    private func ask(_ question: [UInt8]) async throws -> (HTTPResponse, [UInt8]) {
        var request = self.request(.post, "\(operation.url.display)/objects/batch")
        request.headers["Accept"] = Self.contentType
        request.headers["Content-Type"] = Self.contentType
        request.body = .bytes(question)
        request.headers["Authorization"] = known?.exposed
        var answer = try await send { [http, request] in try await http.execute(request) }
        for offer in known == nil ? operation.offers(user: "", kinds: [.password]) : [] {
            // Some hosts do not admit to a repository that one may not read.
            guard [401, 403, 404].contains(answer.0.status), case .password(let user, let password) = offer else {
                break
            }
            let value = "Basic " + Base64.encode(Array("\(user):\(password.exposed)".utf8))
            request.headers["Authorization"] = value
            answer = try await send { [http, request] in try await http.execute(request) }
            if answer.0.isSuccess { authorization.withLock { $0 = Redacted(value) } }
        }
        return answer
    }

    private var known: Redacted<String>? { authorization.withLock { $0 } }

    /// A request to the server or a place that it names. Our credential goes to the server itself alone.
    func request(_ method: HTTPRequest.Method, _ url: String) -> HTTPRequest {
        var limits = HTTPLimits()
        limits.stall = operation.settings.idleTimeout
        limits.total = method == .get ? nil : operation.settings.idleTimeout
        var request = HTTPRequest(method, url, limits: limits, tls: tls)
        request.reach = reach(of: url)
        return request
    }

    /// Strangers name places, and choose what their names lead to: only a host that the operator names in full may be anywhere. The
    /// repository's own may be in a private network. An address is one that git itself was sent to.
    private func reach(of url: String) -> HTTPReach {
        let settings = operation.settings
        guard settings.submodules != .trusted, let host = try? HTTPURL(parsing: url).host.lowercased() else {
            return .anywhere
        }
        let isAddress = host.contains(":") || NetworkAddress(parsing: host) != nil
        let isKnown = host == home && isAddress || settings.allowedHosts.contains { $0.lowercased() == host }
        return isKnown ? .anywhere : .internet(orPrivate: host == home)
    }

    /// What a link of the server is asked for with, where the server says nothing of that.
    func credential(for url: HTTPURL) -> String? {
        guard let own = try? HTTPURL(parsing: operation.url.display), url.hasSameOrigin(as: own) else { return nil }
        return known?.exposed
    }

    /// Sends, and sends again what may go better: a broken connection, an answer that asks for patience.
    func send<Answer>(
        _ exchange: @Sendable () async throws -> (HTTPResponse, Answer)
    ) async throws -> (HTTPResponse, Answer) {
        for attempt in 1... {
            let asked: Duration?
            do {
                let answer = try await exchange()
                guard attempt < Self.attempts, [408, 429, 500, 502, 503, 504, 509].contains(answer.0.status) else {
                    return answer
                }
                asked = answer.0.headers["Retry-After"].flatMap(Int64.init).map { .seconds(max(0, $0)) }
            } catch let failure as BuildFailure where failure.isRetryable && attempt < Self.attempts {
                asked = nil
            }
            let own = Duration.milliseconds(500) * (1 << attempt) * Double.random(in: 0.5...1)
            try await Task.sleep(for: min(asked ?? own, Self.longestPause))
        }
        throw CancellationError()
    }
}

extension LargeFileServer {
    /// What an answer to a batch means that is no success.
    private func failure(_ response: HTTPResponse, _ body: [UInt8]) -> BuildFailure {
        let words = LibraryError.cleaned((try? JSONDocument.parse(body))?["message"]?.string ?? "").prefix(200)
        let cause = words.isEmpty ? "HTTP \(response.status)" : "HTTP \(response.status): \(words)"
        switch response.status {
        case 401, 403:
            var failure = operation.refusal(tried: operation.offers(user: "", kinds: [.password]).count, kinds: [])
            failure.message = "The Git LFS server: \(failure.message)"
            failure.cause = cause
            return failure
        case 300...399:
            return .source(
                .redirected,
                "The Git LFS server \(shown) sends us elsewhere; write the new URL of the repository.",
                cause: cause
            )
        case 404, 405, 501: return unavailable("is not there; push to a host that has Git LFS", cause: cause)
        case 408, 429, 500...:
            return .passing(.unreachable, "The Git LFS server \(shown) cannot answer now.", cause: cause)
        default: return unavailable("refuses to say where files are", cause: cause)
        }
    }

    private func unavailable(_ what: String, cause: String? = nil) -> BuildFailure {
        .source(.largeFilesUnavailable, "The Git LFS server \(shown) \(what).", cause: cause)
    }
}
