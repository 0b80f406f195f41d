import BuildModel
import ImageBuild
import Platform

/// What is to be said of an image's layers, bytes and all.
enum LayerChecks {
    static func all(
        of documents: ImageDocuments,
        _ fetch: (Descriptor) async throws -> any BlobContent
    ) async throws -> [ImageCheck] {
        let pool = BlockingPool(label: "slipway.inspect", width: 1)
        let box = LayerScanBox()
        var checks: [ImageCheck] = []
        for (index, layer) in documents.layers.enumerated() {
            let diffID = index < documents.diffIDs.count ? documents.diffIDs[index] : "nothing"
            checks += try await ImageCheck.all(of: layer, "layer-bytes", fetch) { content in
                try await pool.run { try box.check(layer, diffID, content) }
            }
        }
        return checks
    }
}

/// A scan that is handed from call to call; `@unchecked Sendable` is sound: the pool has one thread, and calls are waited for.
private final class LayerScanBox: @unchecked Sendable {
    private var scan = LayerScan()

    func check(_ layer: Descriptor, _ diffID: String, _ content: any BlobContent) throws -> [ImageCheck] {
        try scan.check(layer, diffID: diffID, content: content)
    }
}

/// What is to be said of blobs that mean nothing here: their bytes.
enum BlobChecks {
    /// - Parameter manifest: of an artifact.
    /// - Throws: `BuildFailure` if it names something that is no descriptor, or a registry cannot be asked.
    static func all(
        of manifest: JSONValue,
        _ fetch: (Descriptor) async throws -> any BlobContent
    ) async throws -> [ImageCheck] {
        let pool = BlockingPool(label: "slipway.inspect", width: 1)
        let named = [manifest["config"] ?? .null] + (manifest["layers"]?.array ?? [])
        var checks: [ImageCheck] = []
        for blob in try named.map({ try Descriptor(json: $0) }) {
            checks += try await ImageCheck.all(of: blob, "blob-bytes", fetch) { content in
                let digest = try await pool.run { try Self.digest(of: content) }
                let problem = digest == blob.digest ? nil : "its bytes have the digest \(digest)"
                return [ImageCheck("blob-bytes", blob.digest.description, problem: problem)]
            }
        }
        return checks
    }

    private static func digest(of content: any BlobContent) throws -> Digest {
        let hasher = SHA256Hasher()
        try unsafe content.forEachPiece(0..<content.size) { unsafe hasher.update($0) }
        return hasher.finalize()
    }
}

extension ImageCheck {
    /// What `look` finds in a blob; one check that fails if its bytes are not there, or are others.
    fileprivate static func all(
        of blob: Descriptor,
        _ name: String,
        _ fetch: (Descriptor) async throws -> any BlobContent,
        _ look: (any BlobContent) async throws -> [ImageCheck]
    ) async throws -> [ImageCheck] {
        do {
            return try await look(try await fetch(blob))
        } catch let failure as BuildFailure where failure.code == .corrupted || failure.code == .notFound {
            return [ImageCheck(name, blob.digest.description, problem: failure.message)]
        }
    }
}
