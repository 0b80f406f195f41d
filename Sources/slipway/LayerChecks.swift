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
            do {
                let content = try await fetch(layer)
                checks += try await pool.run { try box.check(layer, diffID, content) }
            } catch let failure as BuildFailure where failure.code == .corrupted || failure.code == .notFound {
                checks.append(ImageCheck("layer-bytes", layer.digest.description, problem: failure.message))
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
            do {
                let content = try await fetch(blob)
                let digest = try await pool.run { try Self.digest(of: content) }
                let problem = digest == blob.digest ? nil : "its bytes have the digest \(digest)"
                checks.append(ImageCheck("blob-bytes", blob.digest.short, problem: problem))
            } catch let failure as BuildFailure where failure.code == .corrupted || failure.code == .notFound {
                checks.append(ImageCheck("blob-bytes", blob.digest.short, problem: failure.message))
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
