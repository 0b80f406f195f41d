import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("Deploying and going back by hand")
struct DeployCommandTests {
    private let cluster: KubernetesServer
    private let scratch: Scratch
    private let namespace: String

    init() async throws {
        cluster = try await KubernetesServer.withControllers
        scratch = try Scratch()
        namespace = try await cluster.makeNamespace()
    }

    private func request(_ id: String, _ more: String = "") throws -> String {
        let text =
            #"{"deploymentId":"\#(id)","projectId":"shop","repositoryUrl":"https://git.example.com/shop.git"\#(more)}"#
        return try scratch.write(text, to: "\(id).json")
    }

    /// Plays the nodes of the namespace.
    private func startNodes() async throws -> ServerProcess {
        try await ServerProcess(
            ["\(Checkout.root)/scripts/kubernetes-nodes", cluster.kubeconfig, namespace],
            log: scratch("nodes.log")
        )
    }

    /// Runs a verb with the cluster and a queue that nobody serves.
    private func slipway(_ words: String...) async throws -> CommandResult {
        try await SlipwayProgram.result(
            words + [
                "--kubernetes-kubeconfig", cluster.kubeconfig, "--kubernetes-namespace", namespace,
                "--redis-url", "redis://127.0.0.1:1",
            ]
        )
    }

    @Test("deploy waits for the rollout, --render changes nothing, and rollback goes back without a queue")
    func whole() async throws {
        let nodes = try await startNodes()
        defer { nodes.stop() }
        let start = #","startCommand":"python3 -m shop --title 'two words'""#
        let rendered = try await slipway(
            "deploy",
            "--image",
            "registry.example.com/shop:1",
            "--request",
            try request("d1", start + #","releaseCommand":"python3 migrate.py""#),
            "--render"
        )
        #expect(rendered.succeeded, "\(rendered.errorText)")
        #expect(try await cluster.mustKubectl(["-n", namespace, "get", "deployments", "-o", "name"]).isEmpty)
        let dry = try await cluster.kubectl(["apply", "--dry-run=server", "-f", "-"], input: rendered.text)
        #expect(dry.succeeded, "\(dry.errorText)")
        #expect(dry.text.hasPrefix("job.batch/shop-release-"))
        #expect(rendered.errorText.contains("runs the release command: apply it first"))

        for (id, tag) in [("d1", "1"), ("d2", "2")] {
            let image = "registry.example.com/shop:\(tag)"
            let result = try await slipway("deploy", "--image", image, "--request", try request(id, start))
            #expect(result.text == "\(namespace)/shop\n", "\(result.errorText)")
            #expect(result.errorText.contains("Rollout complete."))
        }
        let words = try await container()
        #expect(words["command"] == ["python3"])
        #expect(words["args"] == ["-m", "shop", "--title", "two words"])

        let back = try await slipway("rollback", "shop", "-o", "json")
        #expect(back.succeeded, "\(back.errorText)")
        #expect(back.errorText.contains("the queue cannot be reached: going back from here"))
        #expect(try JSONDocument.parse(back.text)["rollbackDeploymentId"] == "d1")
        #expect(try await container()["image"] == "registry.example.com/shop:1")
        let named = try await slipway("rollback", "shop", "--to", "d2", "-o", "json")
        #expect(named.succeeded, "\(named.errorText)")
        #expect(try JSONDocument.parse(named.text)["rollbackDeploymentId"] == "d2")
        #expect(try await container()["image"] == "registry.example.com/shop:2")
    }

    private func container() async throws -> JSONValue {
        let text = try await cluster.mustKubectl(["-n", namespace, "get", "deployment", "shop", "-o", "json"])
        let spec = try JSONDocument.parse(text)["spec"]?["template"]?["spec"]
        return spec?["containers"]?.array?.first ?? [:]
    }

    @Test("an account without rights ends with the status for that")
    func denied() async throws {
        let result = try await SlipwayProgram.result([
            "deploy", "--image", "registry.example.com/shop:1", "--request", try request("d1"),
            "--kubernetes-kubeconfig", cluster.nobodyKubeconfig, "--kubernetes-namespace", namespace,
        ])
        #expect(result.status == 77)
        #expect(result.errorText.contains("forbidden: ") && result.errorText.contains("Nothing was changed."))
    }

    @Test("a conflict names the manager and the field, and --force takes it")
    func force() async throws {
        let nodes = try await startNodes()
        defer { nodes.stop() }
        let words = ["deploy", "--image", "registry.example.com/shop:1", "--request", try request("d1")]
        #expect(try await slipway(words[0], words[1], words[2], words[3], words[4]).succeeded)
        try await cluster.mustKubectl(["-n", namespace, "set", "image", "deployment/shop", "app=example.com/theirs:1"])
        let refused = try await slipway(words[0], words[1], words[2], words[3], try request("d2"))
        #expect(refused.status == 70)
        #expect(refused.errorText.contains("deployment_conflict") && refused.errorText.contains("kubectl"))
        let forced = try await slipway(words[0], words[1], words[2], words[3], try request("d2"), "--force")
        #expect(forced.succeeded, "\(forced.errorText)")
        #expect(try await container()["image"] == "registry.example.com/shop:1")

        try await cluster.mustKubectl(["-n", namespace, "set", "image", "deployment/shop", "app=example.com/theirs:2"])
        #expect(try await slipway("rollback", "shop", "--here").errorText.contains("deployment_conflict"))
        let back = try await slipway("rollback", "shop", "--force")
        #expect(back.succeeded, "\(back.errorText)")
        #expect(try await container()["image"] == "registry.example.com/shop:1")
    }

    @Test("deploy and rollback come after what is there, also where this machine's clock is behind")
    func clockBehind() async throws {
        let nodes = try await startNodes()
        defer { nodes.stop() }
        let words = ["deploy", "--image", "registry.example.com/shop:1", "--request"]
        for id in ["d1", "d2"] {
            let result = try await slipway(words[0], words[1], words[2], words[3], try request(id))
            #expect(result.succeeded, "\(result.errorText)")
        }
        // 2100: to whoever wrote that, our clock is far behind.
        let future = 4_102_444_800_000
        try await cluster.mustKubectl([
            "-n", namespace, "annotate", "deployment,service", "shop", "--overwrite", "slipway/queued-at=\(future)",
            "slipway/epoch=\(future)",
        ])
        let forced = try await slipway(words[0], words[1], words[2], words[3], try request("d3"), "--force")
        #expect(forced.succeeded, "\(forced.errorText)")
        let back = try await slipway("rollback", "shop", "--here", "-o", "json")
        #expect(back.succeeded, "\(back.errorText)")
        #expect(try JSONDocument.parse(back.text)["rollbackDeploymentId"] == "d2")
        let annotation = try await cluster.mustKubectl([
            "-n", namespace, "get", "deployment", "shop", "-o", "jsonpath={.metadata.annotations.slipway/queued-at}",
        ])
        #expect(annotation == "\(future + 2)")
    }

    @Test("a tag is applied with the digest that it has, also when it has moved, and as it is only with a warning")
    func pinned() async throws {
        let registry = try await RegistryServer()
        let (image, layout) = ("\(registry.host)/shop:1", scratch("made"))
        try await Command.output(["umoci", "init", "--layout", layout])
        try await Command.output(["umoci", "new", "--image", "\(layout):t"])
        var digests: [String] = []
        for build in ["d1", "d2"] {
            try await Command.output(["umoci", "config", "--image", "\(layout):t", "--config.env", "BUILD=\(build)"])
            let copy = ["skopeo", "copy", "-q", "--dest-tls-verify=false", "oci:\(layout):t", "docker://\(image)"]
            try await Command.output(copy)
            let raw = ["skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(image)"]
            let digest = Digest(of: try await Command.output(raw).output).description
            let words = ["deploy", "--image", image, "--request", try request(build), "--render"]
            let rendered = try await SlipwayProgram.output(words)
            #expect(rendered.text.contains("\(image)@\(digest)"), "\(rendered.text)")
            #expect(!rendered.errorText.contains("warning"))
            digests.append(digest)
        }
        #expect(Set(digests).count == 2)
        let words = ["deploy", "--image", "127.0.0.1:1/shop", "--request", try request("d3"), "--render"]
        let rendered = try await SlipwayProgram.output(words)
        #expect(rendered.text.contains("127.0.0.1:1/shop:latest"))
        #expect(rendered.errorText.contains("warning: '127.0.0.1:1/shop:latest' is applied by its tag"))
    }

    @Test("a request comes through a pipe as well")
    func pipe() async throws {
        let input = #"{"deploymentId":"p1","projectId":"shop","repositoryUrl":"https://git.example.com/shop.git"}"#
        let words = ["deploy", "--image", "registry.example.com/shop:1", "--request", "-", "--render"]
        let rendered = try await SlipwayProgram.result(words, input: Array(input.utf8))
        #expect(rendered.succeeded && rendered.text.contains("registry.example.com/shop:1"), "\(rendered.errorText)")
    }

    @Test("a request that says something twice is refused, as enqueue refuses it")
    func twice() async throws {
        let file = try request("d1", #","port":3000,"port":4000"#)
        let deploy = ["deploy", "--image", "registry.example.com/shop:1", "--request", file, "--render"]
        for words in [deploy, ["enqueue", "--file", file]] {
            let result = try await SlipwayProgram.result(words + ["--redis-url", "redis://127.0.0.1:1"])
            #expect(result.status == 64, "\(result.errorText)")
            #expect(result.errorText.contains("the request has the member 'port' twice in one object"))
        }
    }

    @Test("a template is used by deploy, and one that is wrong stops worker and deploy with its line")
    func template() async throws {
        let folder = "\(Checkout.root)/config/kubernetes/templates"
        let words = ["--image", "registry.example.com/shop:1", "--request", try request("d1"), "--render"]
        let rendered = try await slipway(
            "deploy",
            words[0],
            words[1],
            words[2],
            words[3],
            words[4],
            "--kubernetes-template",
            "\(folder)/build.yaml"
        )
        #expect(rendered.text.contains("\"deployment-d1\"") && rendered.text.contains("\"service-d1\""))
        let wrong = try scratch.write(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${nmae}\n",
            to: "wrong.yaml"
        )
        for verb in [["deploy"] + words, ["worker", "--check-config"], ["worker"]] {
            let result = try await SlipwayProgram.result(
                verb + ["--kubernetes-template", wrong, "--redis-url", "redis://127.0.0.1:1"],
                environment: ["SLIPWAY_BUILDPACKS_DIRECTORY": "\(Checkout.root)/buildpacks"]
            )
            #expect(result.status == 78, "\(verb): \(result.errorText)")
            #expect(result.errorText.contains("wrong.yaml:4: The template has the unknown variable ${nmae}"))
        }
    }
}
