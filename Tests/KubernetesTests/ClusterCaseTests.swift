import BuildModel
import HTTPTransport
import Kubernetes
import Platform
import TestSupport
import Testing

@Suite("Cases of a cluster with controllers")
struct ClusterCaseTests {
    private let rollout: RolloutFixture
    private var demo: DeployFixture { rollout.demo }

    init() async throws {
        rollout = try await RolloutFixture()
    }

    private func said(_ words: String) -> Bool { demo.log.texts.contains { $0.contains(words) } }

    @Test("a rollout without progress fails at the cluster's progress deadline, and the old pods serve on")
    func progressDeadline() async throws {
        try await rollout.deploy("d1")
        let settings = rollout.settings(progress: .seconds(2)) { $0.rollsBack = false }
        let intent = try demo.intent(Sample.request(deployment: "d2"), image: "c", queuedAt: 2000, settings: settings)
        let failure = try await failure {
            _ = try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log)
        }
        #expect(failure.code == .rolloutFailed)
        #expect(failure.message.contains("ProgressDeadlineExceeded"))
        #expect(try await demo.object("deployment")["status"]?["availableReplicas"] == 1)
        #expect(try await !rollout.pods("d1").isEmpty)
    }

    @Test("a scale-up that never gets ready ends at the rollout's own deadline, for the cluster gives no verdict")
    func stuckScaleUp() async throws {
        try await rollout.deploy("d1")
        try await demo.kubectl("scale", "deployment", "shop", "--replicas=2")
        try await eventually("the second pod") { try await rollout.pods("d1").count == 2 }
        let settings = rollout.settings(rollout: .seconds(15)) { $0.rollsBack = false }
        let intent = try demo.intent(settings: settings)
        let failure = try await failure {
            _ = try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log)
        }
        #expect(failure.code == .rolloutFailed)
        #expect(failure.message.contains("kubernetes.rolloutSeconds"))
        #expect(failure.message.contains("1 of 2 pods ready"))
        let conditions = try await demo.object("deployment")["status"]?["conditions"]?.array ?? []
        #expect(conditions.contains { $0["reason"] == "NewReplicaSetAvailable" })
    }

    @Test("a pod that is ready is not taken for available before the template's minReadySeconds have passed")
    func minReadySeconds() async throws {
        let text = ManifestTemplate.standard.replacing(
            "  selector:\n    matchL",
            with: "  minReadySeconds: 3\n  selector:\n    matchL"
        )
        var settings = rollout.settings()
        settings.template = try ManifestTemplate(Array(text.utf8), origin: "patient.yaml")
        let intent = try demo.intent(settings: settings)
        let (deployer, log) = (try demo.deployer(settings), demo.log)
        let task = Task { try await deployer.deploy(intent, confirm: {}, log: log) }
        let start = ContinuousClock.now
        try await rollout.makeReady("d1", since: Timestamp.text(milliseconds: SystemInformation.currentMilliseconds))
        _ = try await task.value
        // The cluster counts in whole seconds.
        #expect(ContinuousClock.now - start >= .seconds(2))
    }

    @Test("two workers that race with different epochs: the newer lease's version stays, whoever comes last")
    func racingEpochs() async throws {
        try await demo.apply(try demo.intent(epoch: 1))
        for round in 1...3 {
            let old = try demo.intent(image: "c", epoch: Int64(2 * round))
            let new = try demo.intent(image: "d", epoch: Int64(2 * round + 1))
            // Clients of their own, as two nodes have.
            let workers = try ["old", "new"].map { name in
                Deployer(
                    credentials: try ClusterCredentials.load(kubeconfig: demo.server.kubeconfig),
                    http: HTTPClient(label: "kubernetes-race-\(name)"),
                    settings: demo.settings
                )
            }
            async let stale: Void = Self.race(workers[0], old, demo.log)
            async let fresh: Void = Self.race(workers[1], new, demo.log)
            _ = try await (stale, fresh)
            let deployment = try await demo.object("deployment")
            #expect(deployment.annotation("slipway/epoch") == String(2 * round + 1))
            #expect(deployment.deployedImage?.hasSuffix(Sample.digest("d")) == true)
            #expect(try await demo.object("service").annotation("slipway/epoch") == String(2 * round + 1))
            let failure = try await failure { try await demo.apply(old) }
            #expect(failure.code == .staleEpoch)
        }
    }

    /// Applies as an attempt would whose lease may be gone; only that may keep it from succeeding.
    private static func race(_ deployer: Deployer, _ intent: DeploymentIntent, _ log: CollectedLog) async throws {
        do {
            _ = try await deployer.apply(intent, confirm: {}, log: log)
        } catch let failure as BuildFailure where failure.code == .staleEpoch && intent.stamp.epoch % 2 == 0 {
            return
        }
    }

    @Test("a conflict with another manager is named, and nothing is changed")
    func conflict() async throws {
        try await rollout.deploy("d1")
        try await demo.kubectl("set", "image", "deployment/shop", "app=example.com/theirs:1")
        let intent = try demo.intent(Sample.request(deployment: "d2"), image: "c", queuedAt: 2000)
        let failure = try await failure {
            _ = try await demo.deployer(rollout.settings()).deploy(intent, confirm: {}, log: demo.log)
        }
        #expect(failure.code == .deploymentConflict)
        #expect(failure.message.contains(#".spec.template.spec.containers[name="app"].image (conflict with "kubectl"#))
        #expect(try await demo.object("deployment").deployedImage == "example.com/theirs:1")
        #expect(try await demo.object("service").annotation("slipway/build") == "d1")
    }

    @Test("somebody whom RBAC denies learns every right that is missing before anything is changed")
    func denied() async throws {
        let nobody = try ClusterCredentials.load(kubeconfig: demo.server.nobodyKubeconfig)
        let request = Sample.request { $0.customDomain = "shop.example.org" }
        let failure = try await failure {
            _ = try await demo.deployer(as: nobody).deploy(try demo.intent(request), confirm: {}, log: demo.log)
        }
        #expect(failure.code == .forbidden)
        #expect(
            failure.message.contains("get, list, watch, create, patch deployments; nor get, create, patch ingresses")
        )
        #expect(failure.message.contains("config/kubernetes/deployer.yaml"))
        #expect(try await !demo.exists("deployment"))
    }

    @Test("the role for the whole cluster is enough to make a namespace and deploy to it")
    func clusterRole() async throws {
        try await demo.server.mustKubectl(["create", "namespace", "slipway"])
        let file = "\(Checkout.root)/config/kubernetes/deployer-cluster.yaml"
        try await demo.server.mustKubectl(["apply", "-f", file])
        let credentials = try await demo.accountCredentials(in: "slipway")
        var settings = rollout.settings()
        settings.namespace = demo.namespace + "-new"
        settings.createsNamespace = true
        let request = Sample.request { $0.customDomain = "shop.example.org" }
        let intent = try demo.intent(request, settings: settings)
        let deployer = try demo.deployer(settings, as: credentials)
        for _ in 1...2 { _ = try await deployer.apply(intent, confirm: {}, log: demo.log) }
        try await demo.server.mustKubectl(["-n", settings.namespace, "get", "deployment,service,ingress", "shop"])
        try await demo.server.mustKubectl(["delete", "-f", file])
    }

    @Test("what kubectl rollout undo has changed is a conflict with the next deploy, which says so")
    func undone() async throws {
        for (index, build) in ["d1", "d2"].enumerated() {
            try await rollout.deploy(build, image: ["a", "c"][index], queuedAt: Int64(1000 * (index + 1)))
        }
        try await demo.kubectl("rollout", "undo", "deployment/shop")
        var settings = rollout.settings()
        let intent = try demo.intent(Sample.request(deployment: "d3"), image: "e", queuedAt: 3000)
        let failure = try await failure { try await demo.apply(intent) }
        #expect(failure.code == .deploymentConflict)
        #expect(failure.message.contains("conflict with \"kubectl"))
        settings.takesFields = true
        _ = try await demo.deployer(settings).apply(intent, confirm: {}, log: demo.log)
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("e")) == true)
    }

    @Test("one missing right is found before the first change, not in the middle")
    func halfDenied() async throws {
        let credentials = try await demo.roleCredentials()
        try await demo.kubectl(
            "patch",
            "role",
            "slipway",
            "--type=json",
            "-p",
            #"[{"op": "replace", "path": "/rules/1/verbs", "value": ["get", "patch"]}]"#
        )
        let failure = try await failure {
            _ = try await demo.deployer(as: credentials).deploy(try demo.intent(), confirm: {}, log: demo.log)
        }
        #expect(failure.message.contains("may not create services"))
        #expect(try await !demo.exists("deployment"))
    }

    @Test("an expired token is refused as unauthorized, and the same one works while it lasts")
    func expiredToken() async throws {
        var credentials = try await demo.roleCredentials()
        let account = try await demo.object("serviceaccount", "slipway")["metadata"]?["uid"]?.string ?? ""
        for (seconds, isValid) in [(600, true), (-60, false)] {
            credentials.token = .value(Redacted(try await token(account, expiresIn: seconds)))
            let deployer = try demo.deployer(as: credentials)
            let intent = try demo.intent()
            if isValid {
                _ = try await deployer.apply(intent, confirm: {}, log: demo.log)
            } else {
                let failure = try await failure { _ = try await deployer.deploy(intent, confirm: {}, log: demo.log) }
                #expect(failure.code == .unauthorized)
                #expect(!failure.isRetryable)
                #expect(failure.message.contains("renew"))
            }
        }
    }

    /// A token of the service account as the API server would sign it: the server itself issues none for less than ten minutes.
    private func token(_ account: String, expiresIn seconds: Int) async throws -> String {
        let claims = """
            now=$(date +%s)
            b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
            head=$(printf '{"alg":"RS256"}' | b64)
            body=$(printf '{"iss":"https://kubernetes.default.svc","aud":["https://kubernetes.default.svc"],"iat":%s,"nbf":%s,"exp":%s,
              "sub":"system:serviceaccount:%s:slipway","kubernetes.io":{"namespace":"%s","serviceaccount":{"name":"slipway","uid":"%s"}}}' \
              $((now - 3600)) $((now - 3600)) $((now + \(seconds))) '\(demo.namespace)' '\(demo.namespace)' '\(account)' | b64)
            sign=$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign '\(demo.server.folder)/pki/sa.key' -binary | b64)
            printf '%s.%s.%s' "$head" "$body" "$sign"
            """
        return try await Command.output(["bash", "-c", claims]).text
    }

    @Test("a spec that somebody changes during the rollout is said, with who it was")
    func changedMeanwhile() async throws {
        let settings = rollout.settings()
        let intent = try demo.intent(settings: settings)
        let task = Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
        try await eventually("it rolls out") { said("Rollout: 0 of 1 pods ready") }
        try await demo.kubectl("set", "env", "deployment/shop", "EXTRA=1")
        try await eventually("the change is told") {
            said("The Deployment's spec was changed by 'kubectl") && said("(generation 2, this build applied 1)")
        }
        try await eventually("the newest pods are made") { try await rollout.pods("d1").count >= 1 }
        for _ in 1...200 where !said("Rollout complete.") {
            try await rollout.makeReady("d1")
            try await Task.sleep(for: .milliseconds(300))
        }
        _ = try await task.value
    }

    @Test("events and troubles of the newest pods are told while the rollout goes on")
    func news() async throws {
        let settings = rollout.settings()
        let intent = try demo.intent(settings: settings)
        let task = Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
        try await rollout.makeWaiting("d1", "ErrImagePull", "no such manifest")
        let pod = try await rollout.pods("d1").first?["metadata"]?["name"]?.string ?? ""
        let event = """
            apiVersion: v1
            kind: Event
            metadata: {name: "\(pod).1"}
            type: Warning
            reason: Failed
            message: not found
            involvedObject: {kind: Pod, name: "\(pod)", namespace: "\(demo.namespace)"}
            """
        try await demo.kubectl("create", "-f", "-", input: event)
        try await eventually("the event is told") { said("Event: Pod \(pod): Failed: not found") }
        try await eventually("the trouble is told") {
            said("Rollout: 0 of 1 pods ready; pod \(pod): ErrImagePull: no such manifest")
        }
        #expect(!said("Rollout complete."))
        try await rollout.makeReady("d1")
        _ = try await task.value
        #expect(demo.log.texts.filter { $0.contains("Failed: not found") }.count == 1)
    }
}
