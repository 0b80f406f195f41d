import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@testable import Kubernetes

@Suite("A template of the operator's")
struct TemplateTests {
    private static let folder = "\(Checkout.root)/config/kubernetes/templates"
    private static let minimal = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: "x-${name}"}
        spec:
          selector: {matchLabels: {app: "${name}"}}
          template:
            metadata: {labels: {app: "${name}"}}
            spec:
              containers:
                - name: main
                  image: ${image}
                  args: ["${port}", "$${HOME}", "p${port}"]
                  env: ${env}
                  ports:
                    - containerPort: ${port}
              imagePullSecrets: ${imagePullSecrets}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: "x-${name}", namespace: "${namespace}"}
        spec:
          selector: {app: "${name}"}
          ports: [{port: 80}]
        """

    private static func template(_ text: String) throws -> ManifestTemplate {
        try ManifestTemplate(Array(text.utf8), origin: "t.yaml")
    }

    private static func settings(_ text: String) throws -> DeployerSettings {
        var settings = DeployerSettings(namespace: "demo")
        settings.template = try template(text)
        return settings
    }

    @Test("is built in as the one in config/kubernetes/templates/project.yaml")
    func builtIn() throws {
        let shipped = String(decoding: try Files.read("\(Self.folder)/project.yaml"), as: UTF8.self)
        #expect(shipped == ManifestTemplate.standard)
        #expect(ManifestTemplate.builtIn.isPerBuild == false)
    }

    @Test("has every variable in the manual")
    func manual() throws {
        let manual = String(decoding: try Files.read("\(Checkout.root)/docs/operations.md"), as: UTF8.self)
        for name in TemplateVariables.texts.union(TemplateVariables.wholes) {
            #expect(manual.contains("`${\(name)}`"), "\(name)")
        }
    }

    @Test("gets its variables with their types, or as text within quotes, and leaves out what has no value")
    func filled() throws {
        let manifest = Manifests.deployment(try Sample.intent(settings: try Self.settings(Self.minimal)))
        #expect(manifest["metadata"]?["name"] == "x-shop")
        let pod = manifest["spec"]?["template"]?["spec"]
        let container = pod?["containers"]?.array?.first
        #expect(container?["args"] == ["3000", "${HOME}", "p3000"])
        #expect(container?["ports"] == [["containerPort": 3000]])
        #expect(container?["env"] == [["name": "PORT", "value": "3000"]])
        #expect(pod?["imagePullSecrets"] == nil)
    }

    @Test("gets Slipway's labels and annotations on every object, and the labels on pods")
    func stamped() throws {
        let intent = try Sample.intent(settings: try Self.settings(Self.minimal))
        for object in Manifests.objects(intent) {
            #expect(object.manifest["metadata"]?["namespace"] == "demo")
            #expect(object.manifest["metadata"]?["labels"]?["deployment"] == "d1")
            #expect(object.manifest["metadata"]?["labels"]?["app.kubernetes.io/name"] == "shop")
            #expect(object.manifest.annotation("slipway/epoch") == "7")
        }
        let pod = Manifests.deployment(intent)["spec"]?["template"]?["metadata"]?["labels"]
        #expect(
            pod == [
                "app": "shop", "deployment": "d1", "platform": "slipway", "slipway/project": "shop",
                "app.kubernetes.io/managed-by": "slipway",
            ]
        )
    }

    @Test("cannot be turned into other YAML by a value")
    func hostile() throws {
        let request = Sample.request { $0.environmentVariables = ["A": "x\"\n  - name: B\n${image}: {"] }
        let manifest = Manifests.deployment(try Sample.intent(request, settings: try Self.settings(Self.minimal)))
        let container = manifest["spec"]?["template"]?["spec"]?["containers"]?.array?.first
        #expect(container?["env"]?.array?.first == ["name": "A", "value": "x\"\n  - name: B\n${image}: {"])
    }

    /// A change of the minimal template that makes it wrong, and the words of the complaint.
    struct Wrong: Sendable, CustomTestStringConvertible {
        var old: String
        var new: String
        var says: String
        var testDescription: String { says }
    }

    static let wrong = [
        Wrong(old: "${image}", new: "${imgae}", says: "t.yaml:11: The template has the unknown variable ${imgae}"),
        Wrong(old: "p${port}", new: "p${env}", says: "t.yaml:12: The template has ${env} inside other text"),
        Wrong(old: "p${port}", new: "p${port", says: "t.yaml:12: The template has a ${ without a }"),
        Wrong(old: "{port: 80}", new: "{\"${name}\": 80}", says: "t.yaml:23: The template has a variable in the key"),
        Wrong(old: "kind: Service", new: "kind: Secret", says: "there may be apps/v1 Deployment, v1 Service"),
        Wrong(old: "kind: Service", new: "kind: [", says: "The template cannot be read: t.yaml:"),
        Wrong(old: "x-${name}\", n", new: "all\", n", says: "gives the Services of all projects one name"),
        Wrong(old: "x-${name}\"}\nspec", new: "X-${name}\"}\nspec", says: "makes 'X-shop' the name of a Deployment"),
        Wrong(old: "image: ${image}", new: "image: nginx", says: "without a named container whose image is ${image}"),
        Wrong(old: "labels: {app: \"${name}\"}", new: "labels: {app: x}", says: "do not have the label 'app'"),
        Wrong(old: "selector: {app: \"${name}\"}", new: "selector: {app: x}", says: "would share pods"),
        Wrong(old: "namespace: \"${namespace}\"", new: "namespace: x", says: "kubernetes.namespace says which"),
        Wrong(old: "namespace: \"${namespace}\"", new: "uid: x", says: "sets metadata.uid"),
        Wrong(old: "ports: [{port: 80}]", new: "ports: []", says: "has a Service without spec.ports"),
        Wrong(
            old: "spec:\n  selector: {matchLabels: {app: \"${name}\"}}",
            new: "spec:",
            says: "without spec.selector.matchLabels"
        ),
        Wrong(
            old: "matchLabels: {app: \"${name}\"}",
            new: "matchLabels: {app: \"${name}\", deployment: \"${deployment}\"}",
            says: "t.yaml:1: The template has a Deployment whose spec.selector differs between builds"
        ),
        Wrong(
            old: "spec:\n  selector: {m",
            new: "spec:\n  replicas: many\n  selector: {m",
            says: "replicas is no whole number"
        ),
    ]

    @Test("that is wrong is refused with its file, its line and what to do", arguments: wrong)
    func refused(_ wrong: Wrong) async throws {
        #expect(Self.minimal.contains(wrong.old))
        let text = Self.minimal.replacing(wrong.old, with: wrong.new)
        let failure = try await failure { _ = try Self.template(text) }
        #expect(failure.code == .invalidConfiguration)
        #expect(failure.message.contains(wrong.says), "\(failure.message)")
    }

    static let long = [
        Wrong(
            old: "x-${name}\"}\nspec",
            new: "an-app-of-our-team-${name}\"}\nspec",
            says: "t.yaml:1: The template can make metadata.name of a Deployment 65 bytes long, and 63 are the most: "
                + "${name} may have 46"
        ),
        Wrong(
            old: "x-${name}\", n",
            new: "service-of-our-team-${deploymentName}\", n",
            says: "t.yaml:18: The template can make metadata.name of a Service 66 bytes long, and 63 are the most: "
                + "${deploymentName} may have 46"
        ),
        Wrong(old: "x-${name}\", n", new: "x-${project}\", n", says: "${project} may have 63"),
        Wrong(
            old: "labels: {app: \"${name}\"}",
            new: "labels: {app: \"${name}\", b: \"b-${deployment}\"}",
            says: "can make the pods' label 'b' of a Deployment 65 bytes long"
        ),
        Wrong(
            old: "name: main",
            new: "name: \"the-one-and-only-c-${name}\"",
            says: "a container's name of a Deployment 65"
        ),
    ]

    @Test(
        "that makes names or labels too long for some project or build is refused, with the variable",
        arguments: long
    )
    func tooLong(_ wrong: Wrong) async throws {
        try await refused(wrong)
    }

    @Test("that makes names too long in the configured namespace, or for its platform, is refused too")
    func tooLongHere() async throws {
        let text = Self.minimal.replacing("\"x-${name}\"", with: "\"${platform}-${namespace}-${name}\"")
        let template = try Self.template(text)
        try template.check(namespace: "apps", platform: "acme")
        let failure = try await failure { try template.check(namespace: "applications", platform: "acme") }
        #expect(failure.code == .invalidConfiguration)
        #expect(failure.message.contains("${name} may have 46, ${namespace} may have 12, ${platform} may have 4"))
        for file in ["project", "build"] {
            let shipped = try ManifestTemplate(file: "\(Self.folder)/\(file).yaml")
            let longest = String(repeating: "x", count: 63)
            try shipped.check(namespace: longest, platform: longest)
        }
    }

    @Test("may name Deployments and Services after builds, as the shipped one does")
    func perBuild() async throws {
        let demo = try await DeployFixture()
        var settings = demo.settings
        settings.template = try ManifestTemplate(file: "\(Self.folder)/build.yaml")
        #expect(settings.template.isPerBuild)
        for (index, build) in ["d1", "d2"].enumerated() {
            let request = Sample.request(deployment: build) { $0.customDomain = "shop.example.org" }
            let intent = try demo.intent(request, queuedAt: Int64(1000 + index), settings: settings)
            let applied = try await demo.deployer(settings).apply(intent, confirm: {}, log: demo.log)
            #expect(applied.name == "deployment-\(build)")
        }
        for build in ["d1", "d2"] {
            let deployment = try await demo.object("deployment", "deployment-\(build)")
            #expect(
                deployment["spec"]?["selector"]?["matchLabels"] == [
                    "deployment": .string(build), "platform": "slipway",
                ]
            )
            #expect(deployment["metadata"]?["labels"]?["platform"] == "slipway")
            // Nothing is ever gone back to.
            #expect(deployment.annotation("slipway/manifests") == nil)
            let service = try await demo.object("service", "service-\(build)")
            #expect(service["spec"]?["selector"] == deployment["spec"]?["selector"]?["matchLabels"])
        }
        let rule = try await demo.object("ingress")["spec"]?["rules"]?.array?.first
        let backend = rule?["http"]?["paths"]?.array?.first?["backend"]
        #expect(backend?["service"]?["name"] == "service-d2")
        let stamp = BuildStamp(projectID: "shop", deploymentID: "r1", queuedAt: 9000, epoch: 0)
        let failure = try await failure {
            _ = try await demo.deployer(settings).rollBack(as: stamp, confirm: {}, log: demo.log)
        }
        #expect(failure.code == .invalidConfiguration)
        #expect(failure.message.contains("build.yaml each build has a Deployment of its own"))
    }

    static let shippedIDs = [
        "3f2a9c10-1b2c-4d5e-8f90-aabbccddeeff", "42", "b1790000000000-0123456789abcdef",
        String(repeating: "x", count: 52),
    ]

    @Test(
        "after builds gives `deployment-<id>` and `service-<id>` for every id of which that is a name",
        arguments: shippedIDs
    )
    func shape(id: String) async throws {
        let demo = try await DeployFixture()
        var settings = demo.settings
        settings.template = try ManifestTemplate(file: "\(Self.folder)/build.yaml")
        let request = Sample.request(deployment: id) { $0.customDomain = "shop.example.org" }
        let intent = try demo.intent(request, settings: settings)
        let applied = try await demo.deployer(settings).apply(intent, confirm: {}, log: demo.log)
        #expect(applied.name == "deployment-\(id)")
        #expect(
            try await demo.object("deployment", "deployment-\(id)")["metadata"]?["labels"]?["deployment"]?.string == id
        )
        #expect(try await demo.exists("service", "service-\(id)"))
        let rule = try await demo.object("ingress")["spec"]?["rules"]?.array?.first
        let backend = rule?["http"]?["paths"]?.array?.first?["backend"]
        #expect(backend?["service"]?["name"]?.string == "service-\(id)")
    }

    @Test(
        "after builds gives names that a cluster takes for other ids too",
        arguments: ["Dep_1.a:b", String(repeating: "y", count: 128)]
    )
    func hashedShape(id: String) async throws {
        let demo = try await DeployFixture()
        var settings = demo.settings
        settings.template = try ManifestTemplate(file: "\(Self.folder)/build.yaml")
        let intent = try demo.intent(Sample.request(deployment: id), settings: settings)
        let applied = try await demo.deployer(settings).apply(intent, confirm: {}, log: demo.log)
        #expect(try await demo.exists("service", applied.name.replacing("deployment-", with: "service-")))
    }

    @Test("finds a project's Deployment again by whatever its name is made of", arguments: ["7shop", "shop-", "shop"])
    func found(project: String) async throws {
        let demo = try await DeployFixture()
        var settings = demo.settings
        settings.platform = "acme"
        let text = Self.minimal.replacing("\"x-${name}\"", with: "\"${platform}-${namespace}-${name}\"")
            .replacing("{port: 80}", with: "{port: 80, protocol: TCP}")
        settings.template = try Self.template(text)
        let intent = try demo.intent(Sample.request(project: project), settings: settings)
        _ = try await demo.deployer(settings).apply(intent, confirm: {}, log: demo.log)
        let stamp = BuildStamp(projectID: project, deploymentID: "r1", queuedAt: 9000, epoch: 0)
        let failure = try await failure {
            _ = try await demo.deployer(settings).rollBack(as: stamp, confirm: {}, log: demo.log)
        }
        #expect(failure.message.contains("before the present one is known to be good"), "\(failure.message)")
    }

    @Test("that is rendered to files puts what has to be there before into files of their own")
    func before() async throws {
        let scratch = try Scratch()
        var settings = DeployerSettings(namespace: "demo")
        settings.createsNamespace = true
        func intent(_ command: [String]?, epoch: Int64 = 7) throws -> DeploymentIntent {
            try DeploymentIntent(
                request: Sample.request(),
                image: try Sample.published("a").reference,
                defaultPort: 3000,
                releaseCommand: command,
                revision: nil,
                queuedAt: 1000,
                epoch: epoch,
                settings: settings
            )
        }
        let paths = try await ManifestFile.write(try intent(["migrate"]), in: scratch.path)
        #expect(paths.release == scratch("demo/shop.release.yaml") && paths.namespace == scratch("demo.yaml"))
        #expect(try kinds(scratch("demo.yaml")) == ["Namespace"])
        #expect(try kinds(scratch("demo/shop.release.yaml")) == ["Job"])
        #expect(try kinds(paths.manifests) == ["Deployment", "Service"])
        let job = try #require(Manifests.releaseJob(try intent(["migrate"])))
        #expect(job["spec"]?["ttlSecondsAfterFinished"] == nil)
        // The same work has the same name, and other work another one.
        let later = Manifests.releaseJob(try intent(["migrate"], epoch: 8))
        #expect(later?["metadata"]?["name"] == job["metadata"]?["name"])
        let other = Manifests.releaseJob(try intent(["migrate", "--all"]))
        #expect(other?["metadata"]?["name"] != job["metadata"]?["name"])
        let whole = try scratch.write(Manifests.rendered(try intent(["migrate"])), to: "all.yaml")
        #expect(try kinds(whole) == ["Namespace", "Job", "Deployment", "Service"])
        let next = try await ManifestFile.write(try intent(nil), in: scratch.path)
        #expect(next.release == nil && !Files.exists(scratch("demo/shop.release.yaml")))
    }

    private func kinds(_ path: String) throws -> [String] {
        try YAMLDocument.parseAll(try Files.read(path), name: path).compactMap { $0["kind"]?.string }
    }

    @Test("that is rendered to files keeps to the order of builds there too")
    func files() async throws {
        let scratch = try Scratch()
        let newer = try Sample.intent(Sample.request(deployment: "d2"), queuedAt: 2000)
        let path = try await ManifestFile.write(newer, in: scratch.path).manifests
        #expect(path == scratch("demo/shop.yaml"))
        let older = try await failure {
            _ = try await ManifestFile.write(
                try Sample.intent(Sample.request(deployment: "d1"), queuedAt: 1000),
                in: scratch.path
            )
        }
        #expect(older.code == .superseded)
        let stale = try await failure {
            let intent = try Sample.intent(Sample.request(deployment: "d2"), epoch: 3, queuedAt: 2000)
            _ = try await ManifestFile.write(intent, in: scratch.path)
        }
        #expect(stale.code == .staleEpoch)
        #expect(String(decoding: try Files.read(path), as: UTF8.self) == Manifests.rendered(newer))
        #expect(try await Command.output(["stat", "-c", "%a", path]).text == "600\n")
        try scratch.write("hello: world", to: "demo/shop.yaml")
        let foreign = try await failure { _ = try await ManifestFile.write(newer, in: scratch.path) }
        #expect(foreign.code == .deploymentConflict)
        #expect(foreign.message.contains(path))
        var settings = DeployerSettings(namespace: "demo")
        settings.template = try ManifestTemplate(file: "\(Self.folder)/build.yaml")
        #expect(
            try await ManifestFile.write(try Sample.intent(settings: settings), in: scratch.path).manifests.hasSuffix(
                "/deployment-d1.yaml"
            )
        )
    }

    @Test("that is rendered to files waits for another worker that is at the same ones")
    func filesOfTwoWorkers() async throws {
        let scratch = try Scratch()
        try Directories.create(scratch("demo"))
        var held = try FileLock.attempt(scratch("demo/.shop.lock"), .exclusive)
        #expect(held != nil)
        let task = Task { try await ManifestFile.write(try Sample.intent(), in: scratch.path) }
        try await Task.sleep(for: .milliseconds(300))
        #expect(!Files.exists(scratch("demo/shop.yaml")))
        held = nil
        #expect(Files.exists(try await task.value.manifests))
        #expect(!Files.exists(scratch("demo/.shop.lock")))
    }

    @Test("is what release commands run in, without what belongs to the app alone")
    func release() throws {
        let text = Self.minimal.replacing(
            "imagePullSecrets: ${imagePullSecrets}",
            with: "nodeSelector: {disk: ssd}\n      initContainers: [{name: i, image: i}]"
        )
        let settings = try Self.settings(text)
        let intent = try Sample.intent(settings: settings)
        let credentials = ClusterCredentials(server: "https://127.0.0.1:1", origin: "a test")
        let client = ClusterClient(credentials: credentials, http: DeployFixture.http, settings: settings)
        let job = ReleaseJob(client: client, intent: intent, command: ["migrate"], log: CollectedLog()).manifest
        let template = job["spec"]?["template"]
        #expect(template?["spec"]?["nodeSelector"] == ["disk": "ssd"])
        #expect(template?["spec"]?["initContainers"] == nil)
        #expect(template?["metadata"]?["labels"]?["app"] == nil)
        let container = template?["spec"]?["containers"]?.array?.first
        #expect(container?["command"] == ["migrate"])
        #expect(container?["args"] == nil)
        #expect(container?["ports"] == nil)
    }
}
