internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform

extension RegistrySession {
    /// Registries and clients should support 4 MiB: distribution spec, "Pushing Manifests".
    private static let manifestLimit = 4 << 20

    /// Gets a manifest or index by tag or digest: distribution spec, "Pulling manifests".
    ///
    /// - Throws: `BuildFailure`: `corrupted` if the bytes have another digest than asked for or announced, `not_found` and others by status.
    func manifest(
        _ reference: String,
        digest: Digest?,
        in repository: Repository,
        attempts: Int
    ) async throws -> ManifestContent {
        try await taggedManifest(reference, digest: digest, in: repository, attempts: attempts).0
    }

    /// The same, with the ETag of the answer: RFC 9110, section 8.8.3.
    func taggedManifest(
        _ reference: String,
        digest: Digest?,
        in repository: Repository,
        attempts: Int
    ) async throws -> (ManifestContent, tag: String?) {
        let url = try repository.url("manifests/\(reference)")
        var request = RegistryRequest(
            .get,
            url,
            in: repository,
            actions: "pull",
            purpose: "get the manifest \(reference)"
        )
        request.headers["Accept"] = MediaType.manifests.joined(separator: ", ")
        request.limits.responseBytes = Self.manifestLimit
        let (response, body) = try await send(request, attempts: attempts, expecting: [200])
        let actual = Digest(of: body)
        for promised in [digest?.description, response.headers["Docker-Content-Digest"]].compactMap({ $0 }) {
            guard promised == actual.description else { throw request.wrongDigest(promised, actual, response) }
        }
        let document = try Self.parse(body, request, response)
        let announced = response.headers["Content-Type"].map { String($0.prefix { $0 != ";" && $0 != " " }) }
        let mediaType = document["mediaType"]?.string ?? announced ?? MediaType.ociManifest
        let descriptor = Descriptor(mediaType: mediaType, digest: actual, size: Int64(body.count))
        let tag = response.headers["ETag"]
        return (ManifestContent(descriptor: descriptor, bytes: body, document: document), tag)
    }

    /// Whether a manifest is there under a digest or tag. A registry that does not want to say is taken for one that has it not; one
    /// that knows no HEAD, or tells no digest, is asked for the manifest itself.
    func hasManifest(_ reference: String, _ descriptor: Descriptor, in repository: Repository) async throws -> Bool {
        let url = try repository.url("manifests/\(reference)")
        var request = RegistryRequest(
            .head,
            url,
            in: repository,
            actions: "pull,push",
            purpose: "look for the manifest \(reference)"
        )
        let others = MediaType.manifests.filter { $0 != descriptor.mediaType }
        request.headers["Accept"] = ([descriptor.mediaType] + others).joined(separator: ", ")
        // Some registries answer 403 for what is absent, 405 to any HEAD.
        let (response, _) = try await send(request, expecting: [200, 404, 403, 405])
        guard response.status == 200 || response.status == 405 else { return false }
        if response.status == 200, let found = response.headers["Docker-Content-Digest"] {
            return found == descriptor.digest.description
        }
        if response.status == 200, reference == descriptor.digest.description { return true }
        request.method = .get
        request.limits.responseBytes = Self.manifestLimit
        let (whole, bytes) = try await send(request, expecting: [200, 404, 403, 405])
        return whole.status == 200 && Digest(of: bytes) == descriptor.digest
    }

    /// Puts a manifest under its digest or a tag: distribution spec, "Pushing Manifests". The bytes are the ones that were hashed.
    ///
    /// One at a time of the same manifest in the same repository: Oracle's registry answers 409 to the second.
    ///
    /// - Parameters:
    ///   - needsPermit: whether it moves a tag that others look at; see `SendPermit`.
    ///   - condition: what has to be there now; if it is something else by then, a registry that looks at it answers 412.
    /// - Returns: which blobs the registry does not find, none if it took the manifest; and whether it says that it keeps the
    ///   list of referrers of the manifest's subject.
    func putManifest(
        _ bytes: [UInt8],
        _ descriptor: Descriptor,
        as reference: String,
        in repository: Repository,
        attempts: Int = Retry.attempts,
        needsPermit: Bool = false,
        onlyIf condition: ManifestCondition? = nil
    ) async throws -> (lost: [RegistryError], keepsReferrers: Bool) {
        let url = try repository.url("manifests/\(reference)")
        var request = RegistryRequest(
            .put,
            url,
            in: repository,
            actions: "pull,push",
            purpose: "put the manifest \(reference)"
        )
        request.headers["Content-Type"] = descriptor.mediaType
        request.needsPermit = needsPermit
        switch condition {
        case .isAbsent: request.headers["If-None-Match"] = "*"
        case .has(let tag): request.headers["If-Match"] = tag
        case nil: break
        }
        request.body = .bytes(bytes)
        let key = "\(repository.base.text) \(repository.name) manifest \(descriptor.digest)"
        let putting = request
        let (response, body) = try await exclusively.withSlot(key) { try await send(putting, attempts: attempts) }
        if let stored = response.headers["Docker-Content-Digest"], response.isSuccess,
            stored != descriptor.digest.description
        {
            throw request.wrongDigest(stored, descriptor.digest, response)
        }
        if response.isSuccess { return ([], response.headers["OCI-Subject"] != nil) }
        let lost = RegistryError.readAll(body).filter { $0.code == "MANIFEST_BLOB_UNKNOWN" }
        guard !lost.isEmpty else { throw failure(request, response, body) }
        return (lost, false)
    }

    static func parse(
        _ bytes: [UInt8],
        _ request: RegistryRequest,
        _ response: HTTPResponse
    ) throws(BuildFailure) -> JSONValue {
        do {
            return try JSONDocument.parse(bytes)
        } catch {
            throw request.odd(
                response,
                "the answer is not JSON",
                advice: "Check that the host is a registry's, and look at what stands before it.",
                cause: error.cause
            )
        }
    }
}

/// What a tag has to be on before it is moved: RFC 9110, section 13.1.
enum ManifestCondition: Sendable, Hashable {
    case isAbsent
    /// A manifest with this ETag.
    case has(String)
}
