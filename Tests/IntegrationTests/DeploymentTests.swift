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
