import BuildModel
import Documents
import Kubernetes
import Platform
import TestSupport
import Testing

@Suite("The roles of config/kubernetes")
struct RoleTests {
    private let rollout: RolloutFixture
    private var demo: DeployFixture { rollout.demo }

    init() async throws {
        rollout = try await RolloutFixture()
    }

    private func said(_ words: String) -> Bool { demo.log.texts.contains { $0.contains(words) } }

    /// Settings whose template sets `replicas`, so that autoscalers are looked for.
    private func settings(progress: Duration = .seconds(240)) throws -> DeployerSettings {
        let text = ManifestTemplate.standard.replacing(
            "  selector:\n    matchL",
            with: "  replicas: 1\n  selector:\n    matchL"
        )
        var settings = rollout.settings(progress: progress)
        settings.template = try ManifestTemplate(Array(text.utf8), origin: "scaled.yaml")
        return settings
    }

    private func deploy(
        _ build: String,
        epoch: Int64 = 1,
        at time: Int64,
        domain: String? = nil,
        releases: Bool = false,
        _ settings: DeployerSettings,
        _ credentials: ClusterCredentials
    ) throws -> Task<AppliedDeployment, any Error> {
        let intent = try DeploymentIntent(
            request: Sample.request(deployment: build) { $0.customDomain = domain },
            image: try Sample.published("a").reference,
            defaultPort: 3000,
            releaseCommand: releases ? ["migrate"] : nil,
            revision: nil,
            queuedAt: time,
            epoch: epoch,
            settings: settings
        )
        let deployer = try demo.deployer(settings, as: credentials)
        return Task { try await deployer.deploy(intent, confirm: {}, log: demo.log) }
    }

    /// `VERB GROUP/RESOURCE` of everything that the account has asked for in its namespace and that was allowed, by the API server's
    /// own audit log. Reviews of one's own rights are everybody's.
    private func used() throws -> Set<String> {
        let text = String(decoding: try Files.read(demo.server.auditFile, limit: 1 << 30), as: UTF8.self)
        let account = "system:serviceaccount:\(demo.namespace):slipway"
        var used: Set<String> = []
        for line in text.split(separator: "\n") where line.contains(account) {
            // The last line may be half written.
            guard let event = try? JSONDocument.parse(String(line)), event["user"]?["username"]?.string == account,
                event["annotations"]?["authorization.k8s.io/decision"] == "allow", let object = event["objectRef"],
                object["namespace"]?.string == demo.namespace
            else { continue }
            let resource = [object["resource"]?.string, object["subresource"]?.string].compactMap { $0 }
            let words = "\(object["apiGroup"]?.string ?? "")/\(resource.joined(separator: "/"))"
            used.insert("\(event["verb"]?.string ?? "") \(words)")
        }
        return used
    }

    private func granted(_ role: JSONValue) -> Set<String> {
        var granted: Set<String> = []
        for rule in role["rules"]?.array ?? [] {
            for verb in rule["verbs"]?.array ?? [] {
                for group in rule["apiGroups"]?.array ?? [] {
                    for resource in rule["resources"]?.array ?? [] {
                        granted.insert("\(verb.string ?? "") \(group.string ?? "")/\(resource.string ?? "")")
                    }
                }
            }
        }
        return granted
    }

    @Test("the Role is enough for all that a deployer does, and each of its rights is used", .timeLimit(.minutes(12)))
    func exact() async throws {
        let credentials = try await demo.roleCredentials()
        let access = try await demo.deployer(settings(), as: credentials).access()
        #expect({ if case .ok = access { true } else { false } }(), "\(access)")
        // A release command that fails is explained: there is no kubelet to answer for its log, but the right is asked for.
        let failing = try deploy("d0", at: 500, releases: true, settings(), credentials)
        let state = #"{"terminated":{"exitCode":4,"reason":"Error"}}"#
        try await rollout.setStatus(
            "d0",
            #"{"phase":"Failed","containerStatuses":[{"name":"release","ready":false,"restartCount":0,"image":"x","#
                + #""imageID":"","lastState":{},"state":\#(state)}]}"#
        )
        #expect(try await failure { _ = try await failing.value }.code == .releaseFailed)
        // One whose worker is gone is ended by the next attempt.
        let domain = "shop.example.org"
        let former = try deploy("d1", epoch: 1, at: 1000, domain: domain, releases: true, settings(), credentials)
        try await rollout.setStatus("d1", #"{"phase":"Running"}"#)
        let next = try deploy("d1", epoch: 2, at: 1000, domain: domain, releases: true, settings(), credentials)
        _ = try await failure { _ = try await former.value }
        try await eventually("the next one's Job") { said("has left running") }
        try await eventually("the next one's pod") { try await rollout.pods("d1").count == 1 }
        try await rollout.setStatus("d1", #"{"phase":"Succeeded"}"#)
        try await eventually("the Deployment") { try await demo.exists("deployment") }
        try await rollout.makeReady("d1", count: 2)
        _ = try await next.value
        #expect(try await demo.exists("ingress"))
        let second = try deploy("d2", at: 2000, settings(), credentials)
        try await rollout.makeReady("d2")
        _ = try await second.value
        #expect(try await !demo.exists("ingress"))
        let third = try deploy("d3", at: 3000, settings(progress: .seconds(3)), credentials)
        let failure = try await failure { _ = try await third.value }
        #expect(failure.message.contains("'d2' was brought back and runs."))
        #expect(!demo.log.texts.contains { $0.contains("a right is missing") })
        let (used, granted) = (try used(), granted(try await demo.object("role", "slipway")))
        #expect(used.subtracting(granted).isEmpty)
        #expect(granted.subtracting(used).isEmpty)
    }

    @Test("the one for the whole cluster has the same rights, and those for namespaces")
    func cluster() throws {
        func rules(_ file: String) throws -> Set<String> {
            let path = "\(Checkout.root)/config/kubernetes/\(file)"
            let documents = try YAMLDocument.parseAll(try Files.read(path), name: file).map(\.json)
            return documents.map(granted).reduce(into: []) { $0.formUnion($1) }
        }
        let namespaces: Set<String> = ["get /namespaces", "create /namespaces"]
        #expect(try rules("deployer-cluster.yaml") == rules("deployer.yaml").union(namespaces))
    }
}
