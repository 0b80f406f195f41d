import BuildModel
import Kubernetes
import Platform
import Synchronization
import TestSupport
import Testing

@Suite("The newest build wins, whoever comes last")
struct FenceTests {
    private let demo: DeployFixture

    init() async throws {
        demo = try await DeployFixture(on: try await KubernetesServer.withControllers)
    }

    @Test("a build that was asked for earlier does not overwrite a newer one, whatever its lease's number")
    func olderBuild() async throws {
        try await demo.apply(try demo.intent(Sample.request(deployment: "d2"), image: "c", epoch: 3, queuedAt: 2000))
        let failure = try await failure {
            try await demo.apply(try demo.intent(Sample.request(deployment: "d1"), epoch: 9, queuedAt: 1000))
        }
        #expect(failure.code == .superseded)
        #expect(failure.fault == .cancelled)
        #expect(try await demo.object("deployment").annotation("slipway/build") == "d2")
    }

    /// Holds an attempt right before it writes, until another one has written.
    private func overtaken(
        _ slow: DeploymentIntent,
        by fast: DeploymentIntent
    ) async throws -> BuildFailure {
        let first = Mutex(true)
        return try await failure {
            try await demo.apply(slow) {
                let isFirst = first.withLock { first in
                    defer { first = false }
                    return first
                }
                guard isFirst else { return }
                try await demo.apply(fast)
            }
        }
    }

    @Test(
        "a newer build that comes between reading and writing is not overwritten, neither a new object nor an old one"
    )
    func overtakenByBuild() async throws {
        let older = try demo.intent(Sample.request(deployment: "d1"), epoch: 9, queuedAt: 1000)
        let newer = try demo.intent(Sample.request(deployment: "d2"), image: "c", epoch: 3, queuedAt: 2000)
        #expect(try await overtaken(older, by: newer).code == .superseded)
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("c")) == true)
        #expect(try await demo.object("service").annotation("slipway/build") == "d2")

        let next = try demo.intent(Sample.request(deployment: "d3"), image: "d", epoch: 10, queuedAt: 3000)
        let newest = try demo.intent(Sample.request(deployment: "d4"), image: "e", epoch: 4, queuedAt: 4000)
        #expect(try await overtaken(next, by: newest).code == .superseded)
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("e")) == true)
    }

    @Test("an attempt whose successor comes between reading and writing does not overwrite it")
    func overtakenByEpoch() async throws {
        let stale = try demo.intent(epoch: 7)
        let fresh = try demo.intent(image: "c", epoch: 8)
        #expect(try await overtaken(stale, by: fresh).code == .staleEpoch)
        #expect(try await demo.object("deployment").annotation("slipway/epoch") == "8")
    }

    @Test("of many deployers that race, the newest build is what stays")
    func race() async throws {
        let builds = 8
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...builds {
                group.addTask {
                    let request = Sample.request(deployment: "d\(number)")
                    let intent = try demo.intent(request, epoch: Int64(100 - number), queuedAt: Int64(number))
                    do {
                        try await demo.apply(intent)
                    } catch let failure as BuildFailure where failure.code == .superseded {
                        #expect(number < builds)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await demo.object("deployment").annotation("slipway/build") == "d\(builds)")
        #expect(try await demo.object("service").annotation("slipway/build") == "d\(builds)")
    }

    @Test("flow control that refuses for a moment is waited out", .timeLimit(.minutes(8)))
    func flowControl() async throws {
        let credentials = try await demo.roleCredentials()
        let manifest = """
            {"apiVersion": "v1", "kind": "List", "items": [
              {"apiVersion": "flowcontrol.apiserver.k8s.io/v1beta1", "kind": "PriorityLevelConfiguration",
               "metadata": {"name": "\(demo.namespace)"},
               "spec": {"type": "Limited", "limited": {"assuredConcurrencyShares": 1, "limitResponse": {"type": "Reject"}}}},
              {"apiVersion": "flowcontrol.apiserver.k8s.io/v1beta1", "kind": "FlowSchema",
               "metadata": {"name": "\(demo.namespace)"},
               "spec": {"priorityLevelConfiguration": {"name": "\(demo.namespace)"}, "matchingPrecedence": 2, "rules": [
                 {"subjects": [{"kind": "ServiceAccount", "serviceAccount": {"name": "slipway", "namespace": "\(demo.namespace)"}}],
                  "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"]}]}]}}
            ]}
            """
        try await demo.kubectl("apply", "-f", "-", input: manifest)
        var settings = demo.settings
        settings.attempts = 30
        let deployer = try demo.deployer(settings, as: credentials)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // A list of the future takes a seat for three seconds; the server takes a while to heed the level, so that all come again.
            let enough = CancelFlag()
            for _ in 1...12 {
                group.addTask {
                    while !enough.isSet {
                        _ = try await status("?resourceVersion=99999999&resourceVersionMatch=NotOlderThan")
                        try await Task.sleep(for: .milliseconds(50))
                    }
                }
            }
            try await eventually("the server refuses requests") { try await status("") == "429" }
            enough.set()
            _ = try await deployer.apply(try demo.intent(settings: settings), confirm: {}, log: demo.log)
            try await group.waitForAll()
        }
        try await demo.kubectl("delete", "-f", "-", input: manifest)
    }

    /// The HTTP status of a list as the role's account.
    private func status(_ query: String) async throws -> String {
        let token = String(decoding: try Files.read(demo.scratch("token")).filter { $0 != 10 }, as: UTF8.self)
        let url = "\(demo.server.url)/apis/apps/v1/namespaces/\(demo.namespace)/deployments\(query)"
        return try await Command.result(
            [
                "curl", "--silent", "--cacert", demo.server.authorityFile, "--header", "Authorization: Bearer \(token)",
                "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", "30", url,
            ]
        ).text
    }

    @Test("a token whose account was deleted is refused as unauthorized")
    func expiredToken() async throws {
        let credentials = try await demo.roleCredentials()
        try await demo.apply(try demo.intent(), as: credentials)
        try await demo.kubectl("delete", "serviceaccount", "slipway")
        let failure = try await eventually("the token is refused") { () async throws -> BuildFailure? in
            do {
                try await demo.apply(try demo.intent(), as: credentials)
                return nil
            } catch let failure as BuildFailure {
                return failure
            }
        }
        #expect(failure.code == .unauthorized)
        #expect(!failure.isRetryable)
    }

    @Test("what the first deploy makes is owned by applies alone, so that a later one can remove it")
    func ownership() async throws {
        try await demo.apply(try demo.intent(Sample.request { $0.environmentVariables = ["OLD": "1"] }))
        let text = try await demo.kubectl(
            "get",
            "deployment",
            "shop",
            "-o",
            "jsonpath={range .metadata.managedFields[*]}{.manager}:{.operation} {end}"
        )
        #expect(text.split(separator: " ").filter { $0.hasPrefix("slipway") } == ["slipway:Apply"])
    }
}
