internal import BuildModel
internal import Documents
internal import Platform
internal import Synchronization
internal import TestSupport

extension StrictRegistry {
    func manifest(_ exchange: Exchange, _ repository: String, _ reference: String) {
        switch exchange.method {
        case "HEAD" where quirks.contains(.headManifest405): exchange.error(405, "UNSUPPORTED", "method not allowed")
        case "HEAD", "GET": getManifest(exchange, repository, reference)
        case "PUT": putManifest(exchange, repository, reference)
        default: exchange.error(405, "UNSUPPORTED", "method not allowed")
        }
    }

    private func getManifest(_ exchange: Exchange, _ repository: String, _ reference: String) {
        if exchange.request.headers["accept"] == nil { violation("a manifest asked for without Accept") }
        guard let (digest, manifest) = contents.withLock({ $0.manifest(reference, in: repository) }) else {
            if quirks.contains(.absentTag403), !reference.contains(":") {
                return exchange.error(403, "DENIED", "not allowed")
            }
            return exchange.error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        }
        var headers = ["Content-Type": manifest.mediaType]
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
        if !reference.contains(":"), quirks.contains(.immutableTags),
            self.digest(ofTag: reference, in: repository) != nil
        {
            let words = "tag '\(reference)' cannot be overwritten because the repository is immutable"
            return exchange.error(400, "TAG_INVALID", words)
        }
        contents.withLock { contents in
            let manifest = RegistryContents.Manifest(mediaType: type, bytes: bytes, document: document)
            contents.manifests[repository, default: [:]][digest] = manifest
            if !reference.contains(":") { contents.tags[repository, default: [:]][reference] = digest }
        }
        var headers = ["Location": "/v2/\(repository)/manifests/\(digest)"]
        if !quirks.contains(.noDigestHeader) { headers["Docker-Content-Digest"] = digest.description }
        if let subject = document["subject"]?["digest"]?.string, !quirks.contains(.noReferrers) {
            headers["OCI-Subject"] = subject
        }
        exchange.answer(201, headers)
    }

    private func isFirst(_ what: String) -> Bool {
        contents.withLock { contents in
            contents.counts[what, default: 0] += 1
            return contents.counts[what] == 1
        }
    }

    /// Distribution spec, "Listing Referrers".
    func referrers(_ exchange: Exchange, _ repository: String, _ subject: String) {
        if quirks.contains(.noReferrers) { return exchange.error(404, "NAME_UNKNOWN", "not found") }
        let entries = contents.withLock { contents in
            contents.manifests[repository, default: [:]].filter {
                $0.value.document["subject"]?["digest"]?.string == subject
            }
            .map { digest, manifest in
                JSONValue.object([
                    "mediaType": .string(manifest.mediaType), "digest": .string(digest.description),
                    "size": .integer(Int64(manifest.bytes.count)),
                    "artifactType": manifest.document["artifactType"] ?? manifest.document["config"]?["mediaType"]
                        ?? "",
                ])
            }
        }
        let index: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex), "manifests": .array(entries),
        ]
        exchange.answer(200, ["Content-Type": MediaType.ociIndex], body: index.canonicalBytes)
    }
}
