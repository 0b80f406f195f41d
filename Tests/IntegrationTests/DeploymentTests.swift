import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("A build that is deployed")
struct DeploymentTests {
    /// Plays the node: says of the namespace's first pod that it is ready.
    private func makePodReady(_ cluster: KubernetesServer, in namespace: String) async throws {
        let name = try await eventually("a pod was made") {
            try await cluster.mustKubectl(["-n", namespace, "get", "pods", "-o", "name"]).split(separator: "\n").first
        }
        let path = "/api/v1/namespaces/\(namespace)/pods/\(name.dropFirst("pod/".count))/status"
        var pod = try JSONDocument.parse(try await cluster.mustKubectl(["get", "--raw", path]))
        let ready: JSONValue = ["type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"]
        pod["status"] = ["phase": "Running", "conditions": [ready]]
        try await cluster.mustKubectl(["replace", "--raw", path, "-f", "-"], input: pod.canonicalText)
    }

    /// A farm that deploys to a namespace of its own, and who plays the nodes there.
    private func deployingFarm(_ more: String = "") async throws
        -> (cluster: KubernetesServer, namespace: String, farm: Farm, nodes: ServerProcess)
    {
        let cluster = try await KubernetesServer.withControllers
        let namespace = try await cluster.makeNamespace()
        let farm = try await Farm("kubernetes:\n  kubeconfig: \(cluster.kubeconfig)\n  namespace: \(namespace)\(more)")
        let nodes = try await ServerProcess(
            ["\(Checkout.root)/scripts/kubernetes-nodes", cluster.kubeconfig, namespace],
            log: farm.scratch("nodes.log")
        )
        return (cluster, namespace, farm, nodes)
    }

    @Test("leaves a Deployment and a Service with the image that was pushed, and succeeds when the pod is ready")
    func deployment() async throws {
        let cluster = try await KubernetesServer.withControllers
        let namespace = try await cluster.makeNamespace()
        let farm = try await Farm(
            """
            kubernetes:
              kubeconfig: \(cluster.kubeconfig)
              namespace: \(namespace)
              platform: test-platform
            """
        )
        _ = try await farm.repository("app", ["index.html": "x"])
        let worker = try await farm.startWorker()
        try await farm.add(
            "dep-1",
            repository: "app",
            #","environmentVariables":{"GREETING":"hi"},"healthCheckPath":"/""#
        )
        try await makePodReady(cluster, in: namespace)
        let status = try await farm.ended("dep-1")

        #expect(status["state"] == "SUCCESS", "\(status.prettyText) \(worker.log)")
        let name = try #require(status["deployment"]?.string?.split(separator: "/").last.map(String.init))
        let words = ["-n", namespace, "get", "deployment", name, "-o", "json"]
        let deployment = try JSONDocument.parse(try await cluster.mustKubectl(words))
        let container = deployment["spec"]?["template"]?["spec"]?["containers"]?.array?.first
        let digest = try #require(status["digest"]?.string)
        #expect(container?["image"]?.string == "\(farm.registry.host)/apps/p-app@\(digest)")
        #expect(deployment["metadata"]?["labels"]?["deployment"] == "dep-1")
        #expect(deployment["metadata"]?["labels"]?["platform"] == "test-platform")
        #expect(container?["env"]?.array?.contains(["name": "GREETING", "value": "hi"]) == true)
        let service = try JSONDocument.parse(
            try await cluster.mustKubectl(["-n", namespace, "get", "service", name, "-o", "json"])
        )
        #expect(service["spec"]?["ports"]?.array?.first?["port"] == 80)
    }

    @Test("is brought back by a rollback, which is a build of its own with a log and a place in the history")
    func rollback() async throws {
        let (cluster, namespace, farm, nodes) = try await deployingFarm()
        defer { nodes.stop() }
        let repository = try await farm.repository("app", ["index.html": "one"])
        let worker = try await farm.startWorker()
        for build in ["dep-1", "dep-2"] {
            try await repository.commit(["index.html": build], message: build)
            try await farm.add(build, repository: "app", #","healthCheckPath":"/""#)
            #expect(try await farm.ended(build)["state"] == "SUCCESS", "\(worker.log)")
        }
        let result = try await farm.slipway("rollback", "p-app", "--id", "back-1", "-o", "json")
        #expect(result.succeeded, "\(result.errorText)")
        #expect(try JSONDocument.parse(result.text)["rollbackDeploymentId"] == "dep-1")
        #expect(result.errorText.contains("Going back to build 'dep-1'"))
        let status = try await farm.ended("back-1")
        #expect(status["state"] == "SUCCESS")
        #expect(status["projectId"] == "p-app")
        #expect(status["rollbackDeploymentId"] == "dep-1")
        #expect(try await farm.slipway("logs", "back-1").text.contains("Rollout complete."))
        let image = try await cluster.mustKubectl(
            ["-n", namespace, "get", "deployment", "p-app", "-o", "jsonpath={..image}"]
        )
        #expect(try await farm.ended("dep-1")["digest"]?.string.map(image.contains) == true)
        // A producer asks for the same with one XADD.
        try await farm.add(#"{"deploymentId":"back-2","projectId":"p-app","rollback":"dep-2"}"#)
        #expect(try await farm.ended("back-2")["rollbackDeploymentId"] == "dep-2")
        let named = try await farm.slipway("rollback", "p-app", "--to", "dep-1", "--id", "back-3")
        #expect(named.succeeded && named.text.contains("runs build dep-1 again"), "\(named.text) \(named.errorText)")
        #expect(try await farm.ended("back-3")["rollbackDeploymentId"] == "dep-1")
        let unknown = try await farm.slipway("rollback", "p-app", "--to", "dep-9")
        #expect(unknown.status == 66, "\(unknown.errorText)")
        #expect(unknown.errorText.contains("has not kept build 'dep-9'"))
    }

    @Test("is put right by hand: `slipway deploy` comes after what a worker has deployed of the same build")
    func byHand() async throws {
        let (cluster, namespace, farm, nodes) = try await deployingFarm()
        defer { nodes.stop() }
        _ = try await farm.repository("app", ["index.html": "one"])
        let worker = try await farm.startWorker()
        try await farm.add("dep-1", repository: "app", #","healthCheckPath":"/""#)
        let status = try await farm.ended("dep-1")
        #expect(status["state"] == "SUCCESS", "\(worker.log)")
        try await cluster.mustKubectl(["-n", namespace, "set", "image", "deployment/p-app", "app=example.com/theirs:1"])
        let request = try farm.scratch.write(
            #"{"deploymentId":"dep-1","projectId":"p-app","repositoryUrl":"https://git.example.com/app.git"}"#,
            to: "dep-1.json"
        )
        let image = try #require(status["image"]?.string)
        let result = try await farm.slipway("deploy", "--image", image, "--request", request, "--force")
        #expect(result.succeeded, "\(result.errorText)")
        let words = ["-n", namespace, "get", "deployment", "p-app", "-o", "jsonpath={..image}"]
        #expect(try await cluster.mustKubectl(words).contains("/apps/p-app"))
    }

    @Test(
        "and does not come up is taken back in the deployment's own time, after the build's is over",
        .timeLimit(.minutes(40))
    )
    func lateRollout() async throws {
        // On a busy machine the stages before may take longer than they are given; that says nothing about the rollout.
        var message: String?
        for limit in [20, 60, 150] where message == nil { message = try await failedRollout(buildSeconds: limit) }
        let words = try #require(message, "the builds did not come to their rollouts")
        #expect(words.contains("The last good build 'dep-1' was brought back and runs."), "\(words)")
    }

    /// Deploys a good build, and then one that never comes up, whose rollout takes longer than the build may.
    ///
    /// - Returns: the failure's message; nil if one of the builds did not come that far in its time.
    private func failedRollout(buildSeconds limit: Int) async throws -> String? {
        let limits = "\n  rolloutSeconds: \(3 * limit)\n  progressSeconds: \(limit + 4)"
        let (cluster, namespace, farm, nodes) = try await deployingFarm(limits)
        let image = ["-n", namespace, "get", "deployment", "p-app", "-o", "jsonpath={..image}"]
        let repository = try await farm.repository("app", ["index.html": "one"])
        let worker = try await farm.startWorker()
        defer { worker.stop() }
        do {
            defer { nodes.stop() }
            try await farm.add("dep-1", repository: "app", #","healthCheckPath":"/""#)
            let first = try? await farm.ended("dep-1", within: .seconds(4 * limit))
            guard first?["state"] == "SUCCESS" else { return nil }
        }
        let good = try await cluster.mustKubectl(image)
        try await repository.commit(["index.html": "two"], message: "two")
        try await farm.add("dep-2", repository: "app", #","healthCheckPath":"/","timeoutSeconds":\#(limit)"#)
        guard let status = try? await farm.ended("dep-2", within: .seconds(8 * limit)) else { return nil }
        #expect(status["state"] == "FAILED", "\(worker.log)")
        guard status["failure"]?["fault"] != "timed_out" else { return nil }
        #expect(try await cluster.mustKubectl(image) == good)
        return status["failure"]?["message"]?.string
    }

    @Test("into a namespace that is not there fails with a reason, after the image was pushed")
    func missingNamespace() async throws {
        let cluster = try await KubernetesServer.shared
        let farm = try await Farm("kubernetes:\n  kubeconfig: \(cluster.kubeconfig)\n  namespace: nowhere")
        _ = try await farm.repository("app", ["index.html": "x"])
        let worker = try await farm.startWorker()
        try await farm.add("dep-2", repository: "app")
        let status = try await farm.ended("dep-2")
        #expect(status["state"] == "FAILED", "\(worker.log)")
        #expect(status["failure"]?["message"]?.string?.contains("nowhere") == true, "\(status.prettyText)")
        #expect(status["image"]?.string != nil)
    }

    @Test("runs the release command that the repository names, with the new image, before its rollout")
    func release() async throws {
        let (cluster, namespace, farm, nodes) = try await deployingFarm()
        defer { nodes.stop() }
        let procfile = "web: python main.py\nrelease: python migrate.py --all\n"
        _ = try await farm.repository("app", ["main.py": "print(1)\n", "Procfile": procfile])
        let worker = try await farm.startWorker()
        try await farm.add("dep-5", repository: "app")
        let status = try await farm.ended("dep-5")
        #expect(status["state"] == "SUCCESS", "\(status.prettyText) \(worker.log)")
        let lines = try await farm.slipway("logs", "dep-5").lines
        let done = try #require(lines.firstIndex { $0.hasSuffix("Release command done.") })
        #expect(lines[done...].contains { $0.contains("Applied the Deployment 'p-app'") })
        let job = try await cluster.mustKubectl([
            "-n", namespace, "get", "jobs", "-o", "jsonpath={..command} {..image}",
        ])
        #expect(job.hasPrefix(#"["python","migrate.py","--all"] "#), "\(job)")
        #expect(status["digest"]?.string.map(job.contains) == true)
    }

    @Test("is written to a file that a cluster accepts, and to no cluster, when the request says so")
    func render() async throws {
        let cluster = try await KubernetesServer.shared
        let namespace = try await cluster.makeNamespace()
        let scratch = try Scratch()
        let farm = try await Farm("kubernetes:\n  renderDirectory: \(scratch.path)\n  namespace: \(namespace)")
        _ = try await farm.repository("app", ["index.html": "x"])
        let worker = try await farm.startWorker()
        let more = #","deploy":"render","customDomain":"app.example.org","releaseCommand":"/bin/migrate""#
        try await farm.add("dep-4", repository: "app", more)
        let status = try await farm.ended("dep-4")
        #expect(status["state"] == "SUCCESS", "\(status.prettyText) \(worker.log)")
        #expect(status["deployment"] == nil)
        let path = scratch("\(namespace)/p-app.yaml")
        let manifests = String(decoding: try Files.read(path), as: UTF8.self)
        #expect(status["digest"]?.string.map(manifests.contains) == true)
        let applied = try await cluster.mustKubectl(["apply", "-f", path])
        #expect(applied.split(separator: "\n").count == 3)
        // The release command's Job is a file of its own, which comes first.
        let job = scratch("\(namespace)/p-app.release.yaml")
        #expect(try await cluster.mustKubectl(["apply", "-f", job]).hasPrefix("job.batch/p-app-release-"))
        #expect(try await farm.slipway("logs", "dep-4").text.contains("Job to \(job): apply it first"))
    }

    @Test("is not deployed when the request says so")
    func buildOnly() async throws {
        let cluster = try await KubernetesServer.shared
        let namespace = try await cluster.makeNamespace()
        let farm = try await Farm("kubernetes:\n  kubeconfig: \(cluster.kubeconfig)\n  namespace: \(namespace)")
        _ = try await farm.repository("app", ["index.html": "x"])
        let worker = try await farm.startWorker()
        try await farm.add("dep-3", repository: "app", #","deploy":false"#)
        #expect(try await farm.ended("dep-3")["state"] == "SUCCESS", "\(worker.log)")
        #expect(try await cluster.mustKubectl(["-n", namespace, "get", "deployments", "-o", "name"]).isEmpty)
    }
}
