import BuildModel
import Documents
import ImageBuild
import Platform
import TestSupport
import Testing

/// Configs and manifests: OCI image spec, config.md, manifest.md, annotations.md.
@Suite struct ImageAssemblerTests {
    private func config(of image: Image) throws -> JSONValue { try JSONDocument.parse(image.config) }

    private func strings(_ value: JSONValue?) -> [String]? { value?.array?.compactMap(\.string) }

    @Test("digests and sizes are those of the bytes")
    func descriptors() throws {
        let image = try ImageFixture.image()
        #expect(image.configDescriptor.digest == Digest(of: image.config))
        #expect(image.configDescriptor.size == Int64(image.config.count))
        #expect(image.manifestDescriptor.digest == Digest(of: image.manifest))
        #expect(image.manifestDescriptor.size == Int64(image.manifest.count))
        #expect(image.manifestDescriptor.mediaType == MediaType.ociManifest)
        #expect(image.manifestDescriptor.platform == ImagePlatform(os: "linux", architecture: "amd64"))
    }

    @Test("the manifest lists the base's layers, then ours, under OCI types alone")
    func manifest() throws {
        let base = try ImageFixture.base([[.file("a")], [.file("b")]])
        let image = try ImageFixture.image(base: base)
        let manifest = try JSONDocument.parse(image.manifest)
        #expect(manifest["schemaVersion"]?.integer == 2)
        #expect(manifest["mediaType"]?.string == MediaType.ociManifest)
        #expect(try Descriptor(json: try #require(manifest["config"])) == image.configDescriptor)
        let layers = try #require(manifest["layers"]?.array).map { try Descriptor(json: $0) }
        #expect(layers == base.layers.map(\.descriptor) + [try ImageFixture.appLayer().blob.descriptor])
        #expect(layers == image.layers.map(\.descriptor))
        #expect(layers.allSatisfy { $0.mediaType == MediaType.ociLayerGzip })
    }

    @Test("the plan decides what runs; the base's command and its signal go, its other settings stay")
    func execution() throws {
        let base = try ImageFixture.base(config: [
            "Cmd": ["bash"], "Entrypoint": ["/tini"], "User": "root", "WorkingDir": "/", "StopSignal": "SIGINT",
            "Healthcheck": ["Test": ["NONE"], "Interval": 30_000_000_000], "Labels": ["vendor": "v"],
            "ExposedPorts": ["80/tcp": [:]], "Volumes": ["/data": [:]], "x-unknown": [1, ["deep": nil]],
        ])
        let config = try #require(try config(of: try ImageFixture.image(base: base))["config"])
        #expect(strings(config["Entrypoint"]) == ["python", "main.py"])
        #expect(config["Cmd"] == nil)
        #expect(config["User"] == "10001:10001")
        #expect(config["WorkingDir"] == "/app/site")
        #expect(config["ExposedPorts"] == ["3000/tcp": [:]])
        #expect(config["StopSignal"] == "SIGTERM")
        #expect(config["Healthcheck"] == ["Test": ["NONE"], "Interval": 30_000_000_000])
        #expect(config["Volumes"] == ["/data": [:]])
        #expect(config["x-unknown"] == [1, ["deep": nil]])
        #expect(config["Labels"]?["vendor"] == "v")
    }

    @Test("variables take the place of the base's, others follow by name")
    func environment() throws {
        let base = try ImageFixture.base(config: ["Env": ["PATH=/bin:/usr/bin", "LANG=C", "EMPTY", "A=B=C"]])
        let image = try ImageFixture.image(
            base: base,
            environment: ["ZED": "1", "LANG": "C.UTF-8", "ALPHA": "x=y", "PORT": "9"]
        )
        let expected = ["PATH=/bin:/usr/bin", "LANG=C.UTF-8", "EMPTY", "A=B=C", "ALPHA=x=y", "PORT=3000", "ZED=1"]
        #expect(strings(try config(of: image)["config"]?["Env"]) == expected)
    }

    @Test("members of the base's config that we do not know pass through")
    func unknownMembers() throws {
        var base = try ImageFixture.base()
        base.config["os.version"] = "12"
        base.config["x-vendor"] = ["list": [1, "two", nil, true]]
        base.config["variant"] = "v2"
        let image = try ImageFixture.image(base: base)
        let config = try config(of: image)
        #expect(config["os.version"] == "12")
        #expect(config["x-vendor"] == ["list": [1, "two", nil, true]])
        #expect(config["created"]?.string == ImageFixture.createdText)
        #expect(image.manifestDescriptor.platform?.variant == "v2")
    }

    @Test("diff ids follow the layers")
    func diffIDs() throws {
        let base = try ImageFixture.base([[.file("a")], [.file("b")]])
        let rootFileSystem = try config(of: try ImageFixture.image(base: base))["rootfs"]
        let inherited = strings(base.config["rootfs"]?["diff_ids"]) ?? []
        #expect(rootFileSystem?["type"] == "layers")
        #expect(strings(rootFileSystem?["diff_ids"]) == inherited + [try ImageFixture.appLayer().diffID.description])
    }

    @Test(
        "history counts as many layers as the manifest has",
        arguments: [
            (nil, 3),
            ([], 3),
            ([["created_by": "one"], ["created_by": "env", "empty_layer": true], ["created_by": "two"]], 4),
            ([["created_by": "only one of two"]], 3),
            ([["created_by": "1"], ["created_by": "2"], ["created_by": "3"]], 3),
        ] as [(JSONValue?, Int)]
    )
    func history(inherited: JSONValue?, count: Int) throws {
        let base = try ImageFixture.base([[.file("a")], [.file("b")]], history: inherited)
        let history = try #require(try config(of: try ImageFixture.image(base: base))["history"]?.array)
        #expect(history.count == count)
        #expect(history.count { $0["empty_layer"]?.bool != true } == 3)
        #expect(history.last?["comment"] == "app source")
        #expect(history.last?["created"]?.string == ImageFixture.createdText)
    }

    @Test("labels and annotations say what the image was made from")
    func labels() throws {
        let digest = Digest(of: "base manifest")
        var base = try ImageFixture.base()
        base.name.digest = digest
        let image = try ImageFixture.image(base: base, labels: ["team": "web"])
        let plan = try ImageFixture.plan()
        let expected = [
            "org.opencontainers.image.source": "https://git.example.org/team/app.git",
            "org.opencontainers.image.revision": String(repeating: "ab", count: 20),
            "org.opencontainers.image.created": ImageFixture.createdText,
            "org.opencontainers.image.base.name": "docker.io/library/base:1",
            "org.opencontainers.image.base.digest": digest.description,
            "io.slipway.plan.digest": Digest(of: plan.json.canonicalBytes).description,
            "io.slipway.plan.lock": PlanLock(plan, found: [base.name]).json.canonicalText,
            "io.slipway.rule": "python",
            "io.slipway.source.tree": String(repeating: "cd", count: 20),
            "io.slipway.source.directory": "services/web",
            "team": "web",
        ].mapValues { JSONValue.string($0) }
        #expect(try config(of: image)["config"]?["Labels"]?.object == expected)
        #expect(try JSONDocument.parse(image.manifest)["annotations"]?.object == expected)
    }

    @Test("the same image is made twice, and another time makes another")
    func determinism() throws {
        let one = try ImageFixture.image(environment: ["B": "1", "A": "2"])
        let two = try ImageFixture.image(environment: ["A": "2", "B": "1"])
        #expect(one.manifest == two.manifest && one.config == two.config)
        #expect(try ImageFixture.image(environment: ["A": "3"]).config != one.config)
    }

    @Test("a base in Docker's format becomes an OCI image")
    func dockerBase() throws {
        var base = try ImageFixture.base()
        base.layers[0].descriptor.mediaType = MediaType.dockerLayerGzip
        let image = try ImageFixture.image(base: base)
        #expect(image.layers.allSatisfy { $0.descriptor.mediaType == MediaType.ociLayerGzip })
        #expect(!String(decoding: image.manifest, as: UTF8.self).contains("docker.distribution"))
        #expect(!String(decoding: image.manifest, as: UTF8.self).contains("rootfs.diff"))
    }

    @Test("a base that contradicts itself is refused by name")
    func badBase() throws {
        var base = try ImageFixture.base()
        base.layers += base.layers
        let count = try #require(throws: BuildFailure.self) { _ = try ImageFixture.image(base: base) }
        #expect(count.code == .invalidImage && count.message.contains("library/base:1"))
        base = try ImageFixture.base()
        base.layers[0].descriptor.mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
        let type = try #require(throws: BuildFailure.self) { _ = try ImageFixture.image(base: base) }
        #expect(type.code == .invalidImage && type.message.contains("foreign"))
    }

    @Test("a plan without a start command is refused")
    func noStartCommand() throws {
        let error = try #require(throws: BuildFailure.self) {
            _ = try ImageAssembler.assemble(
                base: try ImageFixture.base(),
                layers: [],
                plan: try ImageFixture.plan(arguments: []),
                revision: ImageFixture.revision(),
                created: 0
            )
        }
        #expect(error.code.rawValue == "invalid_plan")
    }
}
