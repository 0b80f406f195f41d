import BuildModel
import ImageBuild
import Platform
import Registry
import Telemetry

/// An image of an index, checked whole beside the one that this node would run.
struct IndexedImage {
    /// Indexes in one another.
    private static let deepest = 4

    private let descriptor: Descriptor
    let checks: [ImageCheck]

    private var platform: String { descriptor.platform?.description ?? "no platform" }
    private var problems: Int { checks.count { $0.problem != nil } }

    /// - Parameter manifest: of the image that is looked at anyway.
    /// - Throws: `BuildFailure` if a registry cannot be asked; what is missing or broken is a check that fails.
    static func all(
        of content: ManifestContent,
        but manifest: ManifestContent,
        _ source: any ContentSource,
        _ fetch: (Descriptor) async throws -> any BlobContent,
        depth: Int = 0
    ) async throws -> [IndexedImage] {
        guard MediaType.isIndex(content.descriptor.mediaType), depth < deepest else { return [] }
        var images: [IndexedImage] = []
        for entry in content.document["manifests"]?.array ?? [] {
            guard let descriptor = try? Descriptor(json: entry) else {
                let check = ImageCheck("index", "index", problem: "an entry of 'manifests' is no descriptor")
                images.append(IndexedImage(descriptor: content.descriptor, checks: [check]))
                continue
            }
            guard descriptor.digest != manifest.descriptor.digest else { continue }
            do {
                let found = try await source.manifest(named: descriptor.digest.description)
                images.append(try await IndexedImage(descriptor, found, fetch))
                images += try await all(of: found, but: manifest, source, fetch, depth: depth + 1)
            } catch {
                let failure = BuildFailure(error, operation: "image.inspect")
                guard failure.fault != .cancelled, !failure.isRetryable else { throw failure }
                let check = ImageCheck("manifest", descriptor.digest.description, problem: failure.message)
                images.append(IndexedImage(descriptor: descriptor, checks: [check]))
            }
        }
        return images
    }

    private init(descriptor: Descriptor, checks: [ImageCheck]) {
        self.descriptor = descriptor
        self.checks = checks
    }

    private init(
        _ descriptor: Descriptor,
        _ content: ManifestContent,
        _ fetch: (Descriptor) async throws -> any BlobContent
    ) async throws {
        self.descriptor = descriptor
        let size = Int64(content.bytes.count)
        let problem = size == descriptor.size ? nil : "it has \(size) bytes, and the index says \(descriptor.size)"
        var checks = [ImageCheck("index-size", "manifest", problem: problem)]
        if MediaType.isIndex(descriptor.mediaType) || Self.isAttestation(descriptor) {
            let isRight = Digest(of: content.bytes) == descriptor.digest
            checks.append(ImageCheck("digest", "manifest", problem: isRight ? nil : "its bytes have another digest"))
        } else {
            let documents = try await ImageDocuments(content, fetch: fetch)
            checks += documents.checks + (try await LayerChecks.all(of: documents, fetch))
        }
        self.checks = checks.map { check in
            ImageCheck(check.name, "\(descriptor.digest.short) \(check.subject)", problem: check.problem)
        }
    }

    /// What BuildKit puts beside an image: statements in place of layers, for no platform.
    private static func isAttestation(_ descriptor: Descriptor) -> Bool {
        descriptor.platform?.os == "unknown" || descriptor.annotations["vnd.docker.reference.type"] != nil
    }

    var json: JSONValue {
        [
            "digest": .string(descriptor.digest.description), "platform": .string(platform),
            "checks": .integer(Int64(checks.count)), "valid": .bool(problems == 0),
        ]
    }

    var text: String {
        let passed = "\(checks.count - problems) of \(checks.count) checks passed"
        return "other     \(descriptor.digest.short)  \(TerminalText.plain(platform))  \(passed)"
    }
}

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
