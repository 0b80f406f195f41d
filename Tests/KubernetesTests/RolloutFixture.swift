import BuildModel
import Documents
import Kubernetes
import TestSupport

/// A namespace in the server with controllers, and the part that nodes play there: writing the status of pods.
struct RolloutFixture {
    let demo: DeployFixture

    init(on server: KubernetesServer? = nil) async throws {
        if let server {
            demo = try await DeployFixture(on: server)
        } else {
            demo = try await DeployFixture(on: try await KubernetesServer.withControllers)
        }
    }

    /// Settings with short waits between looks. The limits are for what comes up, also on a busy machine.
    func settings(
        rollout: Duration = .seconds(240),
        progress: Duration = .seconds(240),
        _ edit: (inout DeployerSettings) -> Void = { _ in }
    ) -> DeployerSettings {
        var settings = demo.settings
        settings.rolloutLimit = rollout
        settings.progressDeadline = progress
        settings.progressPeriod = .milliseconds(200)
        edit(&settings)
        return settings
    }

    /// Pods of a build that are not being deleted, by name.
    func pods(_ build: String) async throws -> [JSONValue] {
        let text = try await demo.kubectl("get", "pods", "-l", "deployment=\(build)", "-o", "json")
        let items = try JSONDocument.parse(text)["items"]?.array ?? []
        return items.filter { $0["metadata"]?["deletionTimestamp"] == nil }
    }

    /// Waits for the pods of a build and writes their status.
    func setStatus(_ build: String, count: Int = 1, _ status: String) async throws {
        let pods = try await eventually("\(count) pods of build \(build)") {
            let found = try await self.pods(build)
            return found.count >= count ? found : nil
        }
        for pod in pods {
            let name = pod["metadata"]?["name"]?.string ?? ""
            let path = "/api/v1/namespaces/\(demo.namespace)/pods/\(name)/status"
            guard var object = try? JSONDocument.parse(try await demo.server.mustKubectl(["get", "--raw", path])) else {
                continue
            }
            object["status"] = try JSONDocument.parse(status)
            _ = try await demo.server.kubectl(["replace", "--raw", path, "-f", "-"], input: object.canonicalText)
        }
    }

    /// Makes the pods of a build ready.
    ///
    /// - Parameter time: since when they are.
    func makeReady(_ build: String, count: Int = 1, since time: String = "2026-01-01T00:00:00Z") async throws {
        try await setStatus(
            build,
            count: count,
            #"{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"\#(time)"}]}"#
        )
    }

    /// Lets the pods of a build hang in a waiting state.
    func makeWaiting(_ build: String, _ reason: String, _ message: String, last: String = "{}") async throws {
        let state = #"{"waiting":{"reason":"\#(reason)","message":"\#(message)"}}"#
        try await setStatus(
            build,
            #"{"phase":"Pending","containerStatuses":[{"name":"app","ready":false,"restartCount":3,"image":"x","#
                + #""imageID":"","state":\#(state),"lastState":\#(last)}]}"#
        )
    }

    /// Deploys a build while its pods become ready.
    @discardableResult
    func deploy(_ build: String, image: Character = "a", queuedAt: Int64 = 1000, settings: DeployerSettings? = nil)
        async throws -> AppliedDeployment
    {
        let settings = settings ?? self.settings()
        let intent = try demo.intent(
            Sample.request(deployment: build),
            image: image,
            queuedAt: queuedAt,
            settings: settings
        )
        async let applied = demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log)
        try await makeReady(build)
        return try await applied
    }
}
