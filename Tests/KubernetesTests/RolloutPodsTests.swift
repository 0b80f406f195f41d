import BuildModel
import TestSupport
import Testing

@testable import Kubernetes

@Suite("The pods of a rollout")
struct RolloutPodsTests {
    private static func set(_ hash: String, revision: Int, pods: String, uid: String = "u") -> String {
        #"{"metadata":{"name":"shop-\#(hash)","labels":{"pod-template-hash":"\#(hash)"},"ownerReferences":[{"uid":"\#(uid)"}],"#
            + #""annotations":{"slipway/pods":"\#(pods)","deployment.kubernetes.io/revision":"\#(revision)"}}}"#
    }

    @Test(
        "are of the newest set of their own template, and none where the build has others alone",
        arguments: [
            ([], nil), ([set("a", revision: 1, pods: "old")], "none"),
            ([set("a", revision: 1, pods: "old"), set("b", revision: 2, pods: "new")], "b"),
            ([set("a", revision: 3, pods: "new"), set("b", revision: 2, pods: "old")], "a"),
            ([set("a", revision: 3, pods: "new"), set("b", revision: 4, pods: "new")], "b"),
            ([set("a", revision: 3, pods: "new", uid: "other")], nil),
        ] as [([String], String?)]
    )
    func newest(sets: [String], hash: String?) async throws {
        let server = try SocketServer { request in
            request.respond(200, body: #"{"items":[\#(sets.joined(separator: ","))]}"#)
        }
        let credentials = ClusterCredentials(server: server.url(""), origin: "a test")
        let client = ClusterClient(credentials: credentials, http: DeployFixture.http, settings: DeployerSettings())
        var applied = AppliedDeployment(namespace: "demo", name: "shop", generation: 2, uid: "u", build: "d1", epoch: 7)
        applied.pods = "new"
        let scope = try await RolloutPods.newest(of: applied, build: "d1", client)
        #expect(scope.pods.labels["pod-template-hash"] == hash)
        #expect(scope.pods.labels["deployment"] == "d1")
    }
}
