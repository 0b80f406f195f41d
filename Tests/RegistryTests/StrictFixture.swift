import BuildModel
import Glibc
import HTTPTransport
import Platform
import Registry
import StrictRegistry
import TestSupport

/// A client for strict registries that does not wait long, and images for it, made once.
struct StrictFixture {
    /// One for all: each has a thread.
    private static let shared = HTTPClient(label: "http.test")

    var http: HTTPClient { Self.shared }
    let log = CollectedLog()

    static func settings() -> RegistrySettings {
        var settings = RegistrySettings()
        settings.firstDelay = .milliseconds(20)
        settings.patience = .seconds(30)
        settings.spoolDirectory = "/tmp"
        return settings
    }

    /// A blob of random bytes: nobody here looks into layers.
    static func blob(_ size: Int) -> ImageBlob {
        var bytes = [UInt8](repeating: 0, count: size)
        let source = open("/dev/urandom", O_RDONLY | O_CLOEXEC)
        defer { close(source) }
        bytes.withUnsafeMutableBytes { buffer in
            var filled = 0
            while filled < size {
                filled += max(0, read(source, buffer.baseAddress?.advanced(by: filled), size - filled))
            }
        }
        return ImageBlob(
            descriptor: TestImage.descriptor(bytes, MediaType.ociLayerGzip),
            source: .local(InMemoryContent(bytes))
        )
    }

    static func image(_ layers: [ImageBlob]) -> Image {
        let config: JSONValue = [
            "architecture": "amd64", "os": "linux",
            "rootfs": [
                "type": "layers", "diff_ids": .array(layers.map { .string($0.descriptor.digest.description) }),
            ],
        ]
        let descriptor = TestImage.descriptor(config.canonicalBytes, MediaType.ociConfig)
        let manifest: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociManifest), "config": descriptor.json,
            "layers": .array(layers.map(\.descriptor.json)),
        ]
        return Image(
            manifest: manifest.canonicalBytes,
            manifestDescriptor: TestImage.descriptor(manifest.canonicalBytes, MediaType.ociManifest),
            config: config.canonicalBytes,
            configDescriptor: descriptor,
            layers: layers
        )
    }

    /// A small artifact that refers to a manifest, as signatures do, with its blobs.
    static func artifact(on subject: Descriptor) throws -> (ManifestContent, blobs: [ImageBlob]) {
        let empty = InMemoryContent(Array("{}".utf8))
        let config = TestImage.descriptor(empty.bytes, "application/vnd.oci.empty.v1+json")
        let layer = blob(100)
        let document: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociManifest),
            "artifactType": "application/vnd.example.signature", "config": config.json,
            "layers": .array([layer.descriptor.json]), "subject": subject.json,
        ]
        let bytes = document.canonicalBytes
        let manifest = ManifestContent(
            descriptor: TestImage.descriptor(bytes, MediaType.ociManifest),
            bytes: bytes,
            document: document
        )
        return (manifest, [layer, ImageBlob(descriptor: config, source: .local(empty))])
    }

    @discardableResult
    func push(
        _ image: Image,
        to registry: StrictRegistry,
        _ repository: String = "team/app",
        settings: RegistrySettings = settings()
    ) async throws -> PublishedImage {
        let target = ImageReference(registry: registry.host, repository: repository, tag: "v1")
        let client = RegistryClient(settings: settings, http: http)
        return try await client.push(image, to: target, confirm: {}, log: log)
    }
}
