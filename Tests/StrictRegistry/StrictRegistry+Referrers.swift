internal import BuildModel
internal import Documents
internal import Synchronization

/// Distribution spec, "Listing Referrers".
extension StrictRegistry {
    var keepsReferrers: Bool { quirks.isDisjoint(with: [.noReferrers, .conditionalTags]) }

    func referrers(_ exchange: Exchange, _ repository: String, _ subject: String) {
        guard keepsReferrers else {
            return exchange.answer(404, ["Content-Type": "text/plain"], body: Array("404 page not found\n".utf8))
        }
        let isEmpty = contents.withLock { $0.manifests[repository] == nil }
        if isEmpty, quirks.contains(.emptyRepository404) {
            return exchange.error(404, "NAME_UNKNOWN", "repository name not known to registry")
        }
        let filter = exchange.parameter("artifactType")
        var entries = entries(of: subject, in: repository).filter {
            filter == nil || $0["artifactType"]?.string == filter
        }
        var headers = ["Content-Type": MediaType.ociIndex]
        if filter != nil { headers["OCI-Filters-Applied"] = "artifactType" }
        if quirks.contains(.pagedReferrers) {
            let start = exchange.parameter("_start").flatMap { Int($0) } ?? 0
            if entries.count > start + 1 { headers["Link"] = "<\(exchange.path)?_start=\(start + 1)>; rel=\"next\"" }
            entries = Array(entries.dropFirst(start).prefix(1))
        }
        let index: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex), "manifests": .array(entries),
        ]
        exchange.answer(200, headers, body: index.canonicalBytes)
    }

    /// In the order of their digests.
    private func entries(of subject: String, in repository: String) -> [JSONValue] {
        contents.withLock { contents in
            contents.manifests[repository, default: [:]]
                .filter { $0.value.document["subject"]?["digest"]?.string == subject }
                .sorted { $0.key.hex < $1.key.hex }
                .map { digest, manifest in
                    let type = manifest.document["artifactType"] ?? manifest.document["config"]?["mediaType"] ?? ""
                    return [
                        "mediaType": .string(manifest.mediaType), "digest": .string(digest.description),
                        "size": .integer(Int64(manifest.bytes.count)), "artifactType": type,
                    ]
                }
        }
    }
}
