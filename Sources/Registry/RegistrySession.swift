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
    let hosts: SharedHosts
    /// Work on one thing of one repository that must not be done twice at a time: a blob, a manifest, a tag of referrers.
    let exclusively: KeyedSlots<String>
    /// Where local bytes are read again for their digest.
    let readers: BlockingPool
    let sightings: BlobSightings
    let spools: SharedSpools
    let warnings = RegistryWarnings()
    let files = Mutex<[String: [UInt8]]>([:])

    var gates: HostGates { hosts.gates }
    var bulkSlots: KeyedSlots<String> { hosts.bulkSlots }

    init(settings: RegistrySettings, http: HTTPClient, hosts: SharedHosts, farm: (any DigestMemory)? = nil) {
        self.settings = settings
        self.http = http
        tenant = nil
        identities = Identities(settings)
        knowledge = KnowledgeStore(path: settings.knowledgeFile)
        self.hosts = hosts
        exclusively = KeyedSlots(width: 1)
        readers = BlockingPool(label: "slipway.registry", width: 2)
        sightings = BlobSightings(path: settings.sightingsFile, farm: farm.map(FarmSightings.init))
        spools = SharedSpools()
    }

    /// The session of a tenant of the same farm.
    init(of tenant: String, in farm: RegistrySession) {
        settings = farm.settings
        http = farm.http
        self.tenant = tenant
        identities = farm.identities
        knowledge = farm.knowledge
        hosts = farm.hosts
        exclusively = farm.exclusively
        readers = farm.readers
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
        let isBulk = request.isBulk || exchange != nil
        let plain: Exchange = { [http] in try await http.execute($0) }
        let exchange = exchange ?? plain
        return try await retrying(attempts) {
            let (response, body) = try await sendAuthorized(request, isBulk: isBulk, via: exchange)
            warnings.note(response, of: request.repository.base.authority)
            return (response, body)
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
            let (answer, body) = try await send(again, attempts: 1)
            return answer.status == response.status ? body : []
        } catch let failure as BuildFailure where failure.fault != .cancelled {
            return []
        }
    }

    func failure(_ request: RegistryRequest, _ response: HTTPResponse, _ body: [UInt8]) -> BuildFailure {
        request.failure(response, body, identity: identities.lastKnown(for: request.repository))
    }
}
