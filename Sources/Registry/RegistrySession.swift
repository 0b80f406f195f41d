internal import BuildModel
internal import HTTPTransport
internal import Platform
internal import Synchronization

/// What requests to registries share: the connections, the authorizations that were granted, and the patience that was asked for.
///
/// There is one for each tenant: authorizations, and where blobs were seen, are its own; connections, what was learned of hosts and
/// how much they are asked at a time belong to the process.
final class RegistrySession: Sendable {
    /// Sends one HTTP request: the whole answer in memory, or its body streamed to somewhere.
    typealias Exchange = @Sendable (HTTPRequest) async throws -> (HTTPResponse, [UInt8])

    let settings: RegistrySettings
    let http: HTTPClient
    /// Whom this is done for; nil for the farm itself.
    let tenant: String?
    let identities: Identities
    let knowledge: KnowledgeStore
    let authorizations = Mutex<[Authorization.Key: Authorization]>([:])
    /// What each registry asked for last, by its URL.
    let challenges = Mutex<[String: Challenge]>([:])
    let tokenSlots = KeyedSlots<Authorization.Key>(width: 1)
    /// Bulk bodies on their way to or from one host; small requests pass by.
    let bulkSlots: KeyedSlots<String>
    /// Work on one thing of one repository that must not be done twice at a time: a blob, a manifest, a tag of referrers.
    let exclusively: KeyedSlots<String>
    /// Where local bytes are read again for their digest.
    let readers: BlockingPool
    let gates: HostGates
    let sightings: BlobSightings
    let spools: SharedSpools
    let warnings = RegistryWarnings()
    let files = Mutex<[String: [UInt8]]>([:])

    init(settings: RegistrySettings, http: HTTPClient) {
        self.settings = settings
        self.http = http
        tenant = nil
        identities = Identities(settings)
        knowledge = KnowledgeStore(path: settings.knowledgeFile)
        bulkSlots = KeyedSlots(width: 4)
        exclusively = KeyedSlots(width: 1)
        readers = BlockingPool(label: "slipway.registry", width: 2)
        gates = HostGates()
        sightings = BlobSightings(path: settings.sightingsFile)
        spools = SharedSpools()
    }

    /// The session of a tenant of the same farm.
    init(of tenant: String, in farm: RegistrySession) {
        settings = farm.settings
        http = farm.http
        self.tenant = tenant
        identities = farm.identities
        knowledge = farm.knowledge
        bulkSlots = farm.bulkSlots
        exclusively = farm.exclusively
        readers = farm.readers
        gates = farm.gates
        sightings = farm.sightings
        // Who may not pull a blob does not get it from somebody who may.
        spools = SharedSpools()
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
        let isStreamed = exchange != nil
        let exchange = exchange ?? { [http] in try await http.execute($0) }
        var attempt = 1
        let host = request.repository.base.authority
        while true {
            do {
                let (response, body) = try await gates.pass(host, isBulk: request.isBulk || isStreamed) {
                    try await sendAuthorized(request, via: exchange)
                }
                warnings.note(response, of: host)
                let errors = response.status < 400 ? [] : RegistryError.read(body)
                let waits = waitsForPatience(of: host, response, errors)
                guard Retry.isTemporary(response.status, errors), attempt < attempts else { return (response, body) }
                if !waits { try await Self.sleep(Retry.delay(after: attempt, first: settings.firstDelay)) }
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
        guard !statuses.contains(response.status) else { return (response, body) }
        throw failure(request, response, try await words(of: response, body, request))
    }

    /// What the registry says about a refusal. The answer to HEAD has no body: so GET is asked for the words.
    private func words(
        of response: HTTPResponse,
        _ body: [UInt8],
        _ request: RegistryRequest
    ) async throws -> [UInt8] {
        guard request.method == .head, response.status >= 400 else { return body }
        var again = request
        again.method = .get
        again.limits.responseBytes = 64 << 10
        do {
            let (response, body) = try await send(again, attempts: 1)
            return response.status >= 400 ? body : []
        } catch let failure as BuildFailure where failure.fault != .cancelled {
            return []
        }
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

    /// A registry that asks for patience gets it from all requests, not only from the one that it told.
    ///
    /// - Returns: whether it asked.
    private func waitsForPatience(of host: String, _ response: HTTPResponse, _ errors: [RegistryError]) -> Bool {
        let asked = Retry.asked(by: response, now: SystemInformation.currentMilliseconds / 1000)
        let isRefused = Retry.asksForPatience(response.status, errors)
        guard isRefused || (asked != nil && Retry.isTemporary(response.status)) else {
            if response.status < 500 { gates.widen(host) }
            return false
        }
        gates.close(host, for: asked, first: settings.firstDelay)
        return true
    }
}
