import BuildModel
import ImageBuild
import Platform
import Telemetry

/// An image of an index, checked whole beside the one that this node would run.
struct IndexedImage {
    let descriptor: Descriptor
    let checks: [ImageCheck]

    private var platform: String { descriptor.platform?.description ?? "no platform" }
    private var problems: Int { checks.count { $0.problem != nil } }

    /// - Parameter checks: of what is named by its digest here.
    init(descriptor: Descriptor, checks: [ImageCheck]) {
        self.descriptor = descriptor
        self.checks = checks.map { check in
            ImageCheck(check.name, "\(descriptor.digest.short) \(check.subject)", problem: check.problem)
        }
    }

    /// - Parameter descriptor: what the index says.
    init(
        _ descriptor: Descriptor,
        _ content: ManifestContent,
        _ fetch: (Descriptor) async throws -> any BlobContent
    ) async throws {
        let size = ImageCheck.size(content.bytes.count, in: descriptor)
        let isRight = Digest(of: content.bytes) == descriptor.digest
        let digest = ImageCheck("digest", "manifest", problem: isRight ? nil : "its bytes have another digest")
        let more: [ImageCheck]
        if Self.isIndex(descriptor, content) {
            more = [digest]
        } else if Self.isArtifact(descriptor, content.document) {
            more = [digest] + (try await BlobChecks.all(of: content.document, fetch))
        } else {
            let documents = try await ImageDocuments(content, fetch: fetch)
            more = documents.checks + (try await LayerChecks.all(of: documents, fetch))
        }
        self.init(descriptor: descriptor, checks: [size] + more)
    }

    static func isIndex(_ descriptor: Descriptor, _ content: ManifestContent) -> Bool {
        MediaType.isIndex(descriptor.mediaType) || MediaType.isIndex(content.descriptor.mediaType)
    }

    /// What is no image, and may stand beside images: OCI image spec, manifest.md, "Guidelines for Artifact Usage". What is for a platform
    /// and does not say that it is another thing should be an image.
    private static func isArtifact(_ descriptor: Descriptor, _ manifest: JSONValue) -> Bool {
        if isAttestation(descriptor) { return true }
        guard let type = manifest["config"]?["mediaType"]?.string,
            MediaType.ociEquivalent(of: type) != MediaType.ociConfig
        else { return false }
        let says = manifest["artifactType"]?.string?.isEmpty == false
        return says || type == MediaType.ociEmpty || descriptor.platform == nil
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

extension ImageCheck {
    /// Whether an index says the size of a manifest right.
    ///
    /// - Parameter size: bytes that it has.
    static func size(_ size: Int, in descriptor: Descriptor) -> ImageCheck {
        let problem = "it has \(size) bytes, and the index says \(descriptor.size)"
        return ImageCheck("index-size", "manifest", problem: Int64(size) == descriptor.size ? nil : problem)
    }
}
