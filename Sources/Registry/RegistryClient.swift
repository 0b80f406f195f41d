package import BuildModel
package import HTTPTransport
internal import Platform

/// The client of the OCI distribution API: base images in, built images out.
///
/// Copies share connections and granted authorizations, so that one client belongs to one set of credentials. Every request has
/// deadlines, is tried up to five times where that may help, honours `Retry-After`, and ends when its task is cancelled.
package struct RegistryClient: Sendable {
    let session: RegistrySession
    private let tenants: TenantSessions

    /// - Parameters:
    ///   - settings: how registries are reached; read once.
    ///   - http: the connections; the caller shuts it down.
    ///   - hosts: what the clients of one process share.
    ///   - farm: where the nodes of a farm saw blobs; without it this node's own sightings are all.
    package init(
        settings: RegistrySettings,
        http: HTTPClient,
        hosts: SharedHosts = SharedHosts(),
        farm: (any DigestMemory)? = nil
    ) {
        session = RegistrySession(settings: settings, http: http, hosts: hosts, farm: farm)
        tenants = TenantSessions(of: session)
    }

    private init(session: RegistrySession, tenants: TenantSessions) {
        self.session = session
        self.tenants = tenants
    }

    /// The client for one tenant of the farm: tokens that were granted to one, and where its blobs were seen, are never used for
    /// another. Connections and what was learned of hosts are shared.
    ///
    /// - Parameter tenant: nil for the farm itself.
    package func serving(_ tenant: String?) -> RegistryClient {
        guard let tenant else { return self }
        return RegistryClient(session: tenants[tenant], tenants: tenants)
    }

    /// Looks a base image up, in the mirrors of its registry in order, then in the registry itself. No layer is downloaded.
    ///
    /// - Parameter platform: which manifest of an index is wanted.
    /// - Returns: the image under its own name, pinned to the manifest's digest; its layers are where it was found.
    /// - Throws: `BuildFailure` of the registry; where there are mirrors, its message says what each place answered.
    package func baseImage(_ name: ImageReference, platform: ImagePlatform) async throws -> BaseImage {
        let places = try session.settings.places(of: name)
        var failures: [(place: Repository, failure: BuildFailure)] = []
        for (index, place) in places.enumerated() {
            do {
                // A mirror that is down must not hold up every build for as long as a registry may.
                let attempts = index == places.count - 1 ? Retry.attempts : 2
                return try await session.baseImage(name, platform: platform, at: place, attempts: attempts)
            } catch {
                let failure = BuildFailure(error, operation: "registry.fetch")
                guard failure.fault != .cancelled else { throw failure }
                failures.append((place, failure))
            }
        }
        throw Self.nowhere(name, failures)
    }

    /// Pushes an image: its blobs and its manifest by digest, then, once `confirm` agrees, moves the tag.
    ///
    /// Blobs that the registry has are not sent, and blobs of other repositories of the same registry are mounted. Of an unchanged
    /// image only presence is asked.
    ///
    /// - Parameters:
    ///   - target: the repository and tag; without a tag the image is there by its digest alone.
    ///   - ahead: what has gone there ahead of the image; see `sendingAhead`.
    ///   - confirm: called right before each try to move the tag; what it throws leaves the tag where it was.
    ///   - log: gets a line for each blob.
    /// - Returns: what was published, with the bytes of layers and config that were sent and that were there already.
    /// - Throws: `BuildFailure` that names the request, the registry's own words and what to do, or what `confirm` throws.
    package func push(
        _ image: Image,
        to target: ImageReference,
        after ahead: BlobsAhead? = nil,
        confirm: @Sendable () async throws -> Void,
        log: any BuildLog
    ) async throws -> PublishedImage {
        let repository = try session.settings.repository(of: target)
        let push = ImagePush(session: session, image: image, target: repository, log: log, ahead: ahead)
        defer { session.warnings.report(repository.base.authority, to: log) }
        var counts = push.unchanged
        if let tag = target.tag, try await push.isTagged(tag) {
            try await confirm()
        } else {
            counts = try await push.pushByDigest()
            if let tag = target.tag { try await push.moveTag(tag, confirm: confirm) } else { try await confirm() }
        }
        var reference = target
        reference.digest = image.manifestDescriptor.digest
        var published = PublishedImage(
            reference: reference,
            manifest: image.manifestDescriptor,
            uploadedBytes: counts.uploaded,
            reusedBytes: counts.reused
        )
        published.ways = counts.ways
        return published
    }

    /// Tells what registries have warned of since the last time: for all but pushes, which tell by themselves.
    package func reportWarnings(to log: any BuildLog) { session.warnings.report(to: log) }

    private static func nowhere(
        _ name: ImageReference,
        _ failures: [(place: Repository, failure: BuildFailure)]
    ) -> BuildFailure {
        guard let last = failures.last, failures.count > 1 else {
            return failures.last?.failure
                ?? BuildFailure(
                    .platform,
                    .internal,
                    operation: "registry.fetch",
                    message: "'\(name)' has no registry."
                )
        }
        var failure = last.failure
        let words = failures.map { "\($0.place.description): \($0.failure.message)" }.joined(separator: " ")
        failure.message = "The base image '\(name)' was found nowhere. \(words)"
        failure.isRetryable = failures.contains { $0.failure.isRetryable }
        return failure
    }
}
