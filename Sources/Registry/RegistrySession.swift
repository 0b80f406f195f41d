internal import BuildModel
internal import HTTPTransport
internal import Platform
internal import Synchronization

/// What requests to registries share: the connections, the authorizations that were granted, and the patience that was asked for.
final class RegistrySession: Sendable {
    /// Sends one HTTP request: the whole answer in memory, or its body streamed to somewhere.
    typealias Exchange = @Sendable (HTTPRequest) async throws -> (HTTPResponse, [UInt8])

    let settings: RegistrySettings
    let http: HTTPClient
    let identities: Identities
    let knowledge: KnowledgeStore
    let authorizations = Mutex<[Authorization.Key: Authorization]>([:])
    /// What each registry asked for last, by its URL.
    let challenges = Mutex<[String: Challenge]>([:])
    let tokenSlots = KeyedSlots<Authorization.Key>(width: 1)
    /// Bulk bodies on their way to or from one host; small requests pass by.
    let bulkSlots = KeyedSlots<String>(width: 4)
    /// Work on one thing of one repository that must not be done twice at a time: a blob, a tag of referrers.
    let exclusively = KeyedSlots<String>(width: 1)
    /// Where local bytes are read again for their digest.
    let readers = BlockingPool(label: "slipway.registry", width: 2)
    private let gates = Mutex<[String: Deadline]>([:])
    private let files = Mutex<[String: [UInt8]]>([:])

    init(settings: RegistrySettings, http: HTTPClient) {
        self.settings = settings
        self.http = http
        identities = Identities(settings)
        knowledge = KnowledgeStore(path: settings.knowledgeFile)
    }

    /// Sends a request, authorized where the registry wants it, and again where an answer or a broken connection says that it may help.
    ///
    /// - Parameters:
    ///   - attempts: tries in all.
    ///   - exchange: how the answer's body is taken; called anew for each try.
    /// - Returns: the last answer, whatever its status. A 401 is one that authorization did not help.
    /// - Throws: `BuildFailure`.
    func send(
        _ request: RegistryRequest,
        attempts: Int = Retry.attempts,
        via exchange: Exchange? = nil
    ) async throws -> (HTTPResponse, [UInt8]) {
        let exchange = exchange ?? { [http] in try await http.execute($0) }
        var attempt = 1
        while true {
            try await passGate(of: request.repository)
            do {
                let (response, body) = try await sendAuthorized(request, via: exchange)
                guard Retry.isTemporary(response.status) else { return (response, body) }
                let wait = Retry.asked(by: response, now: SystemInformation.currentMilliseconds / 1000)
                if let wait { close(gateOf: request.repository, for: wait) }
                guard attempt < attempts else { return (response, body) }
                if wait == nil { try await Self.sleep(Retry.delay(after: attempt, first: settings.firstDelay)) }
            } catch let failure as BuildFailure {
                guard failure.isRetryable, attempt < attempts else { throw failure }
                try await Self.sleep(Retry.delay(after: attempt, first: settings.firstDelay))
            }
            attempt += 1
        }
    }

    /// Sends a request and insists on one of some statuses.
    ///
    /// - Throws: `BuildFailure` that says what the registry answered instead.
    func send(
        _ request: RegistryRequest,
        attempts: Int = Retry.attempts,
        expecting statuses: Set<Int>
    ) async throws -> (HTTPResponse, [UInt8]) {
        let (response, body) = try await send(request, attempts: attempts)
        guard statuses.contains(response.status) else { throw failure(request, response, body) }
        return (response, body)
    }

    func failure(_ request: RegistryRequest, _ response: HTTPResponse, _ body: [UInt8]) -> BuildFailure {
        request.failure(response, body, identity: identities.lastKnown(for: request.repository))
    }

    /// Sleeps; a cancellation becomes a failure like any other.
    static func sleep(_ duration: Duration) async throws {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw BuildFailure.cancelled(operation: "registry.wait")
        }
    }

    /// How a host is trusted.
    ///
    /// - Parameter registry: the registry whose entry counts where the host has none of its own.
    func tls(for url: HTTPURL, likeRegistry registry: String?) throws(BuildFailure) -> TLSSettings {
        var tls = TLSSettings()
        let hosts = [url.authority, registry].compactMap { $0 }
        if let file = hosts.lazy.compactMap({ self.settings.certificateAuthorityFiles[$0] }).first {
            tls.certificateAuthorities = try contents(of: file)
        }
        tls.allowsAnyCertificate = hosts.contains { settings.insecure.contains($0) }
        // Our own certificate is for the host that it was configured for, and nobody whom that names.
        let own = settings.clientCertificateFiles[url.authority]
        let isRegistry = registry.flatMap { try? settings.base(of: $0) }?.hasSameOrigin(as: url) == true
        if let own = own ?? (isRegistry ? registry.flatMap { settings.clientCertificateFiles[$0] } : nil) {
            tls.clientCertificate = try contents(of: own)
        }
        return tls
    }

    private func contents(of file: String) throws(BuildFailure) -> [UInt8] {
        if let known = files.withLock({ $0[file] }) { return known }
        let bytes = try Files.read(file, limit: 4 << 20)
        files.withLock { $0[file] = bytes }
        return bytes
    }

    /// A registry that asked for patience gets it from all requests, not only from the one that it told.
    private func close(gateOf repository: Repository, for wait: Duration) {
        gates.withLock { $0[repository.base.authority] = Deadline(after: wait) }
    }

    private func passGate(of repository: Repository) async throws {
        let gate = gates.withLock { $0[repository.base.authority] }
        guard let gate, !gate.hasPassed else { return }
        // Those who wait do not come back all at once.
        try await Self.sleep(gate.remaining + .milliseconds(Int64.random(in: 0...250)))
    }
}
