import BuildModel
import HTTPTransport
import Platform
import Registry
import TestSupport
import Testing

@Suite("Base images from a real registry")
struct BaseImageTests {
    let http = HTTPClient(label: "http.test")
    let log = CollectedLog()
    let amd64 = ImagePlatform(os: "linux", architecture: "amd64")

    @Test("a base image comes from the mirror under its own name, without a layer being read")
    func mirror() async throws {
        let registry = try await RegistryServer()
        let image = TestImage.image([try await TestImage.layer(), try await TestImage.layer()])
        try await push(image, to: "\(registry.host)/hub/library/base:1")
        var settings = RegistrySettings()
        settings.mirrors["docker.io"] = ["127.0.0.1:\(Port.free())", "\(registry.host)/hub"]
        let client = RegistryClient(settings: settings, http: http)
        let base = try await client.baseImage(ImageReference(parsing: "base:1"), platform: amd64)
        #expect(base.name.description == "docker.io/library/base:1@\(image.manifestDescriptor.digest)")
        #expect(base.layers.map(\.descriptor) == image.layers.map(\.descriptor))
        #expect(base.config["config"]?["Cmd"] == ["/file"])
        guard case .registry(let source) = try #require(base.layers.first).source else {
            Issue.record("the layer is not in a registry")
            return
        }
        #expect(source.registry == registry.host)
        #expect(source.repository == "hub/library/base")
        let layerPaths = image.layers.map { "blobs/\($0.descriptor.digest)" }
        #expect(
            !registry.requests.contains { request in
                request.hasPrefix("GET") && layerPaths.contains { request.contains($0) }
            }
        )

        let content = try await client.fetchBlob(try #require(base.layers.last), spoolDirectory: "/tmp")
        #expect(Digest(of: try Files.bytes(of: content)) == image.layers.last?.descriptor.digest)
    }

    @Test("the manifest of the platform is picked from an index", arguments: ["amd64", "arm64"])
    func index(architecture: String) async throws {
        let registry = try await RegistryServer()
        let layer = try await TestImage.layer()
        let images = ["amd64": TestImage.image([layer]), "arm64": TestImage.image([layer], architecture: "arm64")]
        try await pushIndex(of: images, to: registry, repository: "base")
        let client = RegistryClient(settings: RegistrySettings(), http: http)
        let base = try await client.baseImage(
            ImageReference(registry: registry.host, repository: "base", tag: "1"),
            platform: ImagePlatform(os: "linux", architecture: architecture)
        )
        #expect(base.name.digest == images[architecture]?.manifestDescriptor.digest)
        #expect(base.config["architecture"]?.string == architecture)
    }

    @Test("a platform that an index does not have is named with those that it has")
    func missingPlatform() async throws {
        let registry = try await RegistryServer()
        let image = TestImage.image([try await TestImage.layer()], architecture: "arm64")
        try await pushIndex(of: ["arm64": image], to: registry, repository: "base")
        try await push(image, to: "\(registry.host)/base:single")
        let client = RegistryClient(settings: RegistrySettings(), http: http)
        for tag in ["1", "single"] {
            let name = ImageReference(registry: registry.host, repository: "base", tag: tag)
            let failure = try await #require(throws: BuildFailure.self) {
                try await client.baseImage(name, platform: amd64)
            }
            #expect(failure.code == .notFound)
            #expect(failure.message.contains("linux/amd64"))
        }
    }

    @Test("Docker's media types become OCI's")
    func dockerTypes() async throws {
        let registry = try await RegistryServer()
        let image = TestImage.image([try await TestImage.layer()])
        try await push(image, to: "\(registry.host)/base:oci")
        try await Command.output(
            [
                "skopeo", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false", "--format", "v2s2",
                "docker://\(registry.host)/base:oci", "docker://\(registry.host)/base:docker",
            ]
        )
        let client = RegistryClient(settings: RegistrySettings(), http: http)
        let base = try await client.baseImage(
            ImageReference(registry: registry.host, repository: "base", tag: "docker"),
            platform: amd64
        )
        #expect(base.layers.map(\.descriptor) == image.layers.map(\.descriptor))
        #expect(base.name.digest != image.manifestDescriptor.digest)
    }

    @Test("an image that is nowhere is named with what every place said")
    func nowhere() async throws {
        let (mirror, registry) = (try await RegistryServer(), try await RegistryServer())
        var settings = RegistrySettings()
        settings.mirrors[registry.host] = [mirror.host]
        let client = RegistryClient(settings: settings, http: http)
        let name = ImageReference(registry: registry.host, repository: "base", tag: "1")
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.baseImage(name, platform: amd64)
        }
        #expect(failure.code == .notFound)
        for part in ["'\(name)' was found nowhere", mirror.host, registry.host, "404", "MANIFEST_UNKNOWN"] {
            #expect(failure.message.contains(part))
        }
    }

    @Test("a registry can begin with the content of another, which it leaves alone")
    func seeded() async throws {
        let seed = Cache.directory + "/registry-seed"
        let registry = try await RegistryServer(seed: seed)
        let client = RegistryClient(settings: RegistrySettings(), http: http)
        let names = try await repositories(of: registry)
        let repository = try #require(names.first { $0.hasPrefix("library/") })
        let tags = try await Command.output(
            ["skopeo", "list-tags", "--tls-verify=false", "docker://\(registry.host)/\(repository)"]
        )
        let tag = try #require(tags.lines.compactMap { $0.split(separator: "\"").dropFirst().first }.last)
        let base = try await client.baseImage(
            ImageReference(registry: registry.host, repository: repository, tag: String(tag)),
            platform: .current
        )
        #expect(!base.layers.isEmpty)
    }

    private func repositories(of registry: RegistryServer) async throws -> [String] {
        let (_, body) = try await http.execute(HTTPRequest(.get, "http://\(registry.host)/v2/_catalog"))
        return String(decoding: body, as: UTF8.self).split(separator: "\"").map(String.init)
    }

    private func push(_ image: Image, to target: String) async throws {
        let client = RegistryClient(settings: RegistrySettings(), http: http)
        _ = try await client.push(image, to: ImageReference(parsing: target), confirm: {}, log: log)
    }

    private func pushIndex(of images: [String: Image], to registry: RegistryServer, repository: String) async throws {
        var entries: [JSONValue] = []
        for (architecture, image) in images {
            try await push(image, to: "\(registry.host)/\(repository):\(architecture)")
            var descriptor = image.manifestDescriptor
            descriptor.platform = ImagePlatform(os: "linux", architecture: architecture)
            entries.append(descriptor.json)
        }
        let index: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.ociIndex), "manifests": .array(entries),
        ]
        var request = HTTPRequest(.put, "http://\(registry.host)/v2/\(repository)/manifests/1")
        request.headers["Content-Type"] = MediaType.ociIndex
        request.body = .bytes(index.canonicalBytes)
        let (response, _) = try await http.execute(request)
        try #require(response.status == 201)
    }
}
