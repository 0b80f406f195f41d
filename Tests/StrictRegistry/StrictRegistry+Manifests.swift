internal import BuildModel
internal import Documents
internal import Glibc
internal import Platform
internal import Synchronization
internal import TestSupport

extension StrictRegistry {
    func manifest(_ exchange: Exchange, _ repository: String, _ reference: String) {
        switch exchange.method {
        case "HEAD" where quirks.contains(.headManifest405): exchange.error(405, "UNSUPPORTED", "method not allowed")
        case "HEAD", "GET": getManifest(exchange, repository, reference)
        case "PUT": putManifest(exchange, repository, reference)
        case "DELETE": deleteManifest(exchange, repository, reference)
        default: exchange.error(405, "UNSUPPORTED", "method not allowed")
        }
    }

    private func getManifest(_ exchange: Exchange, _ repository: String, _ reference: String) {
        if exchange.method == "GET" || exchange.method == "HEAD", exchange.request.headers["accept"] == nil {
            violation("a manifest asked for without Accept")
        }
        guard let (digest, manifest) = contents.withLock({ $0.manifest(reference, in: repository) }) else {
            if quirks.contains(.absentTag403), !reference.contains(":") {
                return exchange.error(403, "DENIED", "not allowed")
            }
            return exchange.error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        }
        var headers = ["Content-Type": manifest.mediaType]
        if quirks.contains(.conditionalTags) { headers["ETag"] = "\"\(digest.hex)\"" }
        if !quirks.contains(.noDigestHeader) { headers["Docker-Content-Digest"] = digest.description }
        if exchange.method == "HEAD" { headers["Content-Length"] = "\(manifest.bytes.count)" }
        exchange.answer(200, headers, body: manifest.bytes)
    }

    private func putManifest(_ exchange: Exchange, _ repository: String, _ reference: String) {
        if quirks.contains(.manifestRateLimit), isFirst("PUT manifest") {
            return exchange.error(429, "TOOMANYREQUESTS", "Rate exceeded")
        }
        let bytes = exchange.request.readBody()
        guard bytes.count == exchange.contentLength else { return }
        guard reference.contains(":") || Self.isTag(reference) else {
            violation("'\(reference)' is no tag")
            return exchange.error(400, "TAG_INVALID", "manifest tag did not match URI")
        }
        let digest = Digest(of: bytes)
        guard let document = try? JSONDocument.parse(bytes), document["schemaVersion"]?.integer == 2 else {
            return exchange.error(400, "MANIFEST_INVALID", "manifest invalid")
        }
        let type = exchange.request.headers["content-type"] ?? ""
        if type != document["mediaType"]?.string ?? type || type.contains(";") {
            violation("Content-Type '\(type)' is not the manifest's own")
        }
        if reference.contains(":"), reference != digest.description {
            return exchange.error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        }
        let missing = contents.withLock { $0.missing(document, in: repository) }
        guard missing.isEmpty else {
            let detail = JSONValue.object(["digest": .string(missing[0])])
            return exchange.error(404, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", detail: detail)
        }
        guard !refuses(exchange, repository, reference, document) else { return }
        guard store(exchange, repository, reference, digest, .init(mediaType: type, bytes: bytes, document: document))
        else { return }
        var headers = ["Location": "/v2/\(repository)/manifests/\(digest)"]
        if !quirks.contains(.noDigestHeader) { headers["Docker-Content-Digest"] = digest.description }
        if let subject = document["subject"]?["digest"]?.string, keepsReferrers { headers["OCI-Subject"] = subject }
        exchange.answer(201, headers)
    }

    /// What only some registries refuse.
    private func refuses(_ exchange: Exchange, _ repository: String, _ reference: String, _ document: JSONValue) -> Bool
    {
        let isOverwritten = !reference.contains(":") && digest(ofTag: reference, in: repository) != nil
        if isOverwritten, quirks.contains(.immutableTags) {
            let words = "tag '\(reference)' cannot be overwritten because the repository is immutable"
            exchange.error(400, "TAG_INVALID", words)
            return true
        }
        if isOverwritten, quirks.contains(.overwriteBan) {
            let words = "status 403: not enough permissions to overwrite artifact '\(repository)/\(reference)'"
            exchange.error(400, "MANIFEST_INVALID", "manifest invalid", detail: ["description": .string(words)])
            return true
        }
        let types = document["layers"]?.array?.compactMap { $0["mediaType"]?.string } ?? []
        let isPlain = document["manifests"] == nil && types.allSatisfy { $0.hasSuffix("gzip") }
        if quirks.contains(.plainImagesOnly), !isPlain {
            exchange.error(400, "MANIFEST_INVALID", "the image manifest, config or layer media type is not supported")
            return true
        }
        let isNested = document["manifests"]?.array?.contains { $0["mediaType"]?.string == MediaType.ociIndex } == true
        if quirks.contains(.noArtifacts), document["artifactType"] != nil || isNested {
            exchange.error(400, "MANIFEST_INVALID", "manifest invalid")
            return true
        }
        return false
    }

    /// False if it was refused for what is there, or under way.
    private func store(
        _ exchange: Exchange,
        _ repository: String,
        _ reference: String,
        _ digest: Digest,
        _ manifest: RegistryContents.Manifest
    ) -> Bool {
        let key = "\(repository) \(digest)"
        if quirks.contains(.concurrentManifest409) {
            guard contents.withLock({ $0.busy.insert(key).inserted }) else {
                exchange.error(409, "UNKNOWN", "conflict")
                return false
            }
            usleep(200_000)
        }
        let isStored = contents.withLock { contents -> Bool in
            contents.busy.remove(key)
            let old = contents.tags[repository]?[reference]
            if quirks.contains(.conditionalTags) {
                let wanted = exchange.request.headers["if-match"]
                guard wanted == nil || wanted == old.map({ "\"\($0.hex)\"" }) else { return false }
                guard old == nil || exchange.request.headers["if-none-match"] != "*" else { return false }
            }
            contents.manifests[repository, default: [:]][digest] = manifest
            if !reference.contains(":") { contents.tags[repository, default: [:]][reference] = digest }
            return true
        }
        if !isStored { exchange.error(412, "MANIFEST_INVALID", "the tag is on another manifest") }
        return isStored
    }

    /// Distribution spec, "Deleting manifests" and "Deleting tags".
    private func deleteManifest(_ exchange: Exchange, _ repository: String, _ reference: String) {
        let isThere = contents.withLock { contents -> Bool in
            guard contents.manifest(reference, in: repository) != nil else { return false }
            guard let digest = try? Digest(parsing: reference) else {
                contents.tags[repository]?[reference] = nil
                return true
            }
            contents.manifests[repository]?[digest] = nil
            contents.tags[repository] = contents.tags[repository]?.filter { $0.value != digest }
            return true
        }
        guard isThere else { return exchange.error(404, "MANIFEST_UNKNOWN", "manifest unknown") }
        exchange.answer(202)
    }

    /// Distribution spec, "Listing Tags".
    func tags(_ exchange: Exchange, _ repository: String) {
        let known = contents.withLock { contents -> [String]? in
            guard contents.manifests[repository] != nil else { return nil }
            let tags = (contents.tags[repository] ?? [:]).keys.sorted()
            if quirks.contains(.emptyTagList) { return [] }
            return quirks.contains(.hidesAttachedTags) ? tags.filter { !$0.hasPrefix("sha256-") } : tags
        }
        guard let known else { return exchange.error(404, "NAME_UNKNOWN", "repository name not known to registry") }
        let last = exchange.parameter("last") ?? ""
        let rest = known.filter { $0 > last }
        let count = exchange.parameter("n").flatMap { Int($0) } ?? rest.count
        let page = rest.prefix(max(0, count))
        var headers = ["Content-Type": "application/json"]
        if page.count < rest.count, let end = page.last {
            headers["Link"] = "</v2/\(repository)/tags/list?n=\(count)&last=\(end)>; rel=\"next\""
        }
        let list: JSONValue = ["name": .string(repository), "tags": .array(page.map { .string($0) })]
        exchange.answer(200, headers, body: list.canonicalBytes)
    }

    func isFirst(_ what: String) -> Bool {
        contents.withLock { contents in
            contents.counts[what, default: 0] += 1
            return contents.counts[what] == 1
        }
    }
}
