internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform

extension RegistrySession {
    /// More than this many pages of referrers no image has.
    private static let pageLimit = 100

    /// What refers to a manifest: distribution spec, "Listing Referrers", and the tag that stands in for it where a registry keeps none.
    ///
    /// - Parameter tags: as `digestTags` has given them; nil where they are not known.
    /// - Returns: descriptors as they are in the list, with their artifact types; none if the manifest has none or is not there.
    func referrers(
        of digest: Digest,
        in repository: Repository,
        among tags: Set<String>? = nil
    ) async throws -> [JSONValue] {
        var entries: [JSONValue] = []
        var next: HTTPURL? = try repository.url("referrers/\(digest)")
        for number in 1...Self.pageLimit {
            guard let url = next else { break }
            guard let page = try await referrerPage(url, number, of: digest, in: repository) else {
                return try await taggedReferrers(of: digest, in: repository, among: tags)
            }
            entries += page.entries
            next = page.next
        }
        guard let next else { return entries }
        throw BuildFailure(
            .platform,
            .limitExceeded,
            operation: "registry.fetch",
            message: "Cannot list what refers to \(digest) in \(repository.description): after \(Self.pageLimit) pages "
                + "of GET \(next.redacted) the list still goes on. Remove referrers that nobody needs."
        )
    }

    /// Nil where the first page is none, and so the tag is to be looked at.
    private func referrerPage(
        _ url: HTTPURL,
        _ number: Int,
        of digest: Digest,
        in repository: Repository
    ) async throws -> (entries: [JSONValue], next: HTTPURL?)? {
        let purpose = "list what refers to \(digest)"
        var request = RegistryRequest(.get, url, in: repository, actions: "pull", purpose: purpose)
        request.headers["Accept"] = MediaType.ociIndex
        let (response, body) = try await send(request, expecting: number == 1 ? [200, 400, 404, 405] : [200])
        // Other pages answer 200 with something else.
        if response.status == 200, let entries = (try? JSONDocument.parse(body))?["manifests"]?.array {
            knowledge.learn(repository.base.authority) { $0.referrers = true }
            return (entries, try nextPage(response, of: request))
        }
        guard number == 1 else {
            throw request.odd(response, "page \(number) of the list is none", advice: "Look at the registry's log.")
        }
        // Who names what it lacks, such as a repository where nothing was pushed yet, may have the list all the same.
        if response.status == 404, RegistryError.read(body).isEmpty {
            knowledge.learn(repository.base.authority) { $0.referrers = false }
        }
        return nil
    }

    private func nextPage(_ response: HTTPResponse, of request: RegistryRequest) throws(BuildFailure) -> HTTPURL? {
        do {
            let hidesTLS = settings.hiddenTLS.contains(request.repository.registry)
            return try LinkHeader.next(response.headers.all("Link"), from: request.url, hidesTLS: hidesTLS)
        } catch {
            throw request.astray(error, answer: (request.method, response.status, request.url))
        }
    }

    /// Puts the referrer of a manifest onto the list that stands under a tag, for registries that keep none: distribution spec,
    /// "Pushing Manifests with Subject".
    ///
    /// One at a time in this process. A writer of another process is noticed by the registry where it heeds If-Match. Elsewhere two may
    /// read the same list, and the later write drops what the earlier one added; so each looks again when everybody who has read the
    /// list before its write should have written, and puts its entry onto what is there then.
    func tagReferrer(_ entry: JSONValue, of subject: Digest, in repository: Repository) async throws {
        try await exclusively.withSlot("\(repository.base.text) \(repository.name) \(Self.tag(of: subject))") {
            for attempt in 1...Self.writes + 1 {
                let start = ContinuousClock.now
                let list = try await taggedReferrers(of: subject, in: repository, before: entry)
                let entries = list?.entries ?? []
                if entries.contains(where: { $0["digest"] == entry["digest"] }) { return }
                guard attempt <= Self.writes else { break }
                do {
                    let condition = list.map { $0.tag.map(ManifestCondition.has) } ?? .isAbsent
                    try await putReferrers(entries + [entry], of: subject, in: repository, onlyIf: condition)
                    try await Self.sleep(Self.settling(after: start.duration(to: .now)))
                } catch let failure as BuildFailure where failure.code == .overtaken {
                    try await Self.sleep(Retry.delay(after: attempt, first: settings.firstDelay))
                }
            }
            throw Self.unsettled(subject, in: repository)
        }
    }

    /// Writes of one entry before it is given up.
    private static let writes = 8

    /// How long others who read the list when we did may take to write it, by how long we took ourselves.
    private static func settling(after window: Duration) -> Duration {
        min(.seconds(20), window * Double.random(in: 2...3))
    }

    private static func unsettled(_ subject: Digest, in repository: Repository) -> BuildFailure {
        BuildFailure(
            .platform,
            .registryUnavailable,
            operation: "registry.push",
            message:
                "Cannot attach to \(subject) in \(repository.description): \(writes) times the list was put by PUT "
                + "\(repository.base.text.dropLast())/v2/\(repository.name)/manifests/\(tag(of: subject)) and answered with "
                + "201, and did not keep what was put onto it. Other writers may be at work: try again.",
            isRetryable: true
        )
    }

    private func putReferrers(
        _ entries: [JSONValue],
        of subject: Digest,
        in repository: Repository,
        onlyIf condition: ManifestCondition?
    ) async throws {
        let index: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex), "manifests": .array(entries),
        ]
        let bytes = index.canonicalBytes
        let descriptor = Descriptor(mediaType: MediaType.ociIndex, digest: Digest(of: bytes), size: Int64(bytes.count))
        let reference = Self.tag(of: subject)
        let result = try await putManifest(bytes, descriptor, as: reference, in: repository, onlyIf: condition)
        guard result.lost.isEmpty else {
            throw BuildFailure(
                .platform,
                .registryRefused,
                operation: "registry.push",
                message: "\(repository.description) does not take the list of what refers to \(subject).",
                cause: result.lost.map(\.description).joined(separator: "; ")
            )
        }
    }

    /// What is on the list that stands under a tag, which is only asked for if it may be there.
    func taggedReferrers(
        of digest: Digest,
        in repository: Repository,
        among tags: Set<String>?
    ) async throws -> [JSONValue] {
        guard tags?.contains(Self.tag(of: digest)) != false else { return [] }
        return try await taggedReferrers(of: digest, in: repository)?.entries ?? []
    }

    /// The list that stands under a tag; nil if there is none, or the registry does not want to say.
    ///
    /// - Parameter entry: what is to be put onto it, and is in the repository already. Then a registry that does not want to say is
    ///   believed to have none only if it shows that: who may push and not pull would write over the list that others have made.
    private func taggedReferrers(
        of subject: Digest,
        in repository: Repository,
        before entry: JSONValue? = nil
    ) async throws -> (entries: [JSONValue], tag: String?)? {
        do {
            let reference = Self.tag(of: subject)
            let attempts = Retry.attempts
            let (found, tag) = try await taggedManifest(reference, digest: nil, in: repository, attempts: attempts)
            return (found.document["manifests"]?.array ?? [], tag)
        } catch let failure as BuildFailure where failure.code == .notFound {
            return nil
        } catch let failure as BuildFailure where failure.code == .registryDenied {
            guard let digest = try entry.map({ try Descriptor(json: $0).digest }) else { return nil }
            do {
                _ = try await manifest(digest.description, digest: digest, in: repository, attempts: Retry.attempts)
            } catch let other as BuildFailure where other.fault != .cancelled {
                throw failure
            }
            return nil
        }
    }

    private static func tag(of subject: Digest) -> String { "sha256-\(subject.hex)" }
}
