import BuildModel
import Glibc
import HTTPTransport
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Kubernetes

@Suite("A watch survives what servers do to it")
struct WatchTests {
    private static let http = HTTPClient(label: "kubernetes-watch-tests")
    private static let applied = AppliedDeployment(
        namespace: "demo",
        name: "shop",
        generation: 1,
        uid: "u",
        build: "d1",
        epoch: 7
    )

    private static func object(_ version: Int, ready: Bool) -> String {
        let status = ready ? #""replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1,"# : ""
        return #"{"metadata":{"uid":"u","generation":1,"resourceVersion":"\#(version)","#
            + #""annotations":{"slipway/project":"shop","slipway/build":"d1","slipway/epoch":"7"}},"#
            + #""spec":{"replicas":1},"status":{\#(status)"observedGeneration":1}}"#
    }

    private static func event(_ type: String, _ object: String) -> String {
        #"{"type":"\#(type)","object":\#(object)}"# + "\n"
    }

    private static func chunk(_ text: String) -> String {
        "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }

    private static let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    private static let done = event("MODIFIED", object(9, ready: true))

    /// A server whose list says "not ready" at version 5, and that answers watches in order; the last answer stays.
    private func server(_ watches: [@Sendable (ServedRequest) -> Void]) throws -> SocketServer {
        let next = Mutex(0)
        return try SocketServer { request in
            if ["/pods", "/events", "/replicasets"].contains(where: request.target.contains) {
                return request.respond(200, body: #"{"items":[]}"#)
            }
            guard request.target.contains("watch=1") else {
                let body = #"{"metadata":{"resourceVersion":"5"},"items":[\#(Self.object(5, ready: false))]}"#
                return request.respond(200, body: body)
            }
            let index = next.withLock { next in
                defer { next += 1 }
                return min(next, watches.count - 1)
            }
            watches[index](request)
        }
    }

    private func wait(
        on server: SocketServer,
        limit: Duration = .seconds(120),
        progress: Duration = .seconds(3),
        grace: Duration = .milliseconds(800),
        log: CollectedLog = CollectedLog(),
        token: ClusterCredentials.Token? = nil
    ) async throws {
        var settings = DeployerSettings(namespace: "demo", attempts: 3, retryDelay: .milliseconds(1))
        settings.rolloutLimit = limit
        settings.progressPeriod = progress
        settings.watchPeriod = .milliseconds(200)
        settings.watchGrace = grace
        var credentials = ClusterCredentials(server: server.url(""), origin: "a test")
        credentials.token = token
        try await Deployer(credentials: credentials, http: Self.http, settings: settings)
            .wait(for: Self.applied, log: log)
    }

    /// The versions that watches went on from.
    private func versions(_ server: SocketServer) -> [String] {
        server.requests.filter { $0.contains("watch=1") }.compactMap { request in
            request.split(separator: "&").first { $0.contains("resourceVersion=") }?.split(separator: "=").last.map(
                String.init
            )
        }
    }

    private func lists(_ server: SocketServer) -> Int {
        server.requests.filter { $0.contains("/deployments?") && !$0.contains("watch=1") }.count
    }

    private static let success: @Sendable (ServedRequest) -> Void = {
        $0.send(head + chunk(done))
        $0.waitForClose()
    }

    @Test("a watch that ends is resumed where it ended; a bookmark moves that place")
    func resume() async throws {
        let bookmark = Self.event("BOOKMARK", #"{"metadata":{"resourceVersion":"7"}}"#)
        let server = try server([
            { $0.send(Self.head + Self.chunk(bookmark) + "0\r\n\r\n") },
            { $0.send(Self.head + Self.chunk(Self.event("MODIFIED", Self.object(8, ready: false))) + "0\r\n\r\n") },
            Self.success,
        ])
        // However late a busy machine lets the server answer, no watch is left for that.
        try await wait(on: server, grace: .seconds(60))
        #expect(versions(server) == ["5", "7", "8"])
        #expect(lists(server) == 1)
    }

    @Test("a place that is too long ago is listed anew, whether an event or the answer says so")
    func expired() async throws {
        let status = #"{"kind":"Status","reason":"Expired","code":410,"message":"too old resource version"}"#
        let server = try server([
            { $0.send(Self.head + Self.chunk(Self.event("ERROR", status)) + "0\r\n\r\n") },
            { $0.respond(410, body: status) },
            Self.success,
        ])
        try await wait(on: server, grace: .seconds(60))
        #expect(lists(server) == 3)
    }

    // A real server of 1.20 counts no watch in its flow control, so none can be made to refuse one by 429: only lists are refused
    // ("flow control that refuses for a moment is waited out").
    @Test("trouble that passes is waited out: 429, a server error, a broken connection, half a line")
    func trouble() async throws {
        let server = try server([
            { $0.respond(429, body: "Too many requests\n") },
            { $0.respond(503) },
            {
                $0.send(Self.head + Self.chunk(#"{"type":"MODI"#))
                $0.hangUp()
            },
            Self.success,
        ])
        try await wait(on: server, grace: .seconds(60))
        #expect(lists(server) == 1)
        #expect(versions(server) == ["5", "5", "5", "5"])
    }

    @Test("a watch that is refused is opened again no sooner than the server asks")
    func retryAfter() async throws {
        let server = try server([{ $0.respond(429, ["Retry-After": "1"], body: "Too many requests\n") }, Self.success])
        let start = ContinuousClock.now
        try await wait(on: server)
        #expect(ContinuousClock.now - start >= .seconds(1))
    }

    @Test("an event that comes in pieces is one event")
    func pieces() async throws {
        let server = try server([
            { request in
                request.send(Self.head)
                for byte in Self.done.utf8 { request.send(Self.chunk(String(UnicodeScalar(byte)))) }
                request.waitForClose()
            }
        ])
        try await wait(on: server)
    }

    @Test("a server that falls silent is left after the read deadline, and asked again")
    func silent() async throws {
        let server = try server([
            {
                $0.send(Self.head)
                $0.waitForClose()
            },
            Self.success,
        ])
        try await wait(on: server)
        // The second one too may be late on a busy machine.
        #expect(versions(server).starts(with: ["5", "5"]))
    }

    @Test("a refusal for good ends the wait")
    func refused() async throws {
        let body = #"{"kind":"Status","reason":"Forbidden","code":403,"message":"x cannot watch resource"}"#
        let server = try server([{ $0.respond(403, body: body) }])
        let failure = try await failure { try await wait(on: server) }
        #expect(failure.code == .forbidden)
    }

    @Test("a rollout that nothing is heard of ends at its own deadline")
    func deadline() async throws {
        let server = try server([{ $0.waitForClose() }])
        let failure = try await failure { try await wait(on: server, limit: .milliseconds(500)) }
        #expect(failure.code == .rolloutFailed)
        #expect(failure.message.contains("kubernetes.rolloutSeconds"))
    }

    @Test("looking at pods that takes long does not put the deadline off")
    func slowLooks() async throws {
        let server = try SocketServer { request in
            if request.target.contains("watch=1") { return request.waitForClose() }
            if request.target.contains("/replicasets") { usleep(300_000) }
            let item = request.target.contains("/deployments") ? Self.object(5, ready: false) : ""
            request.respond(200, body: #"{"metadata":{"resourceVersion":"5"},"items":[\#(item)]}"#)
        }
        let failure = try await failure {
            try await wait(on: server, limit: .milliseconds(1500), progress: .milliseconds(10))
        }
        #expect(failure.message.contains("kubernetes.rolloutSeconds"))
        #expect(server.requests.filter { $0.contains("/replicasets") }.count < 20)
    }

    @Test("a helper that fails once in mid-rollout costs nothing but time")
    func helperFailsOnce() async throws {
        let scratch = try Scratch()
        let answer =
            #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","#
            + #""status":{"token":"t","expirationTimestamp":"2020-01-01T00:00:00Z"}}"#
        let script = """
            #!/bin/sh
            echo run >>'\(scratch("runs"))'
            [ $(wc -l <'\(scratch("runs"))') != 2 ] || exit 3
            echo '\(answer)'
            """
        let plugin = ExecPlugin(
            ExecPlugin.Configuration(
                apiVersion: "client.authentication.k8s.io/v1",
                command: try scratch.write(script, to: "helper", mode: 0o755),
                arguments: [],
                environment: [:],
                cluster: nil,
                origin: "a test",
                installHint: nil
            )
        )
        let server = try server([Self.success])
        // The list is signed by the first run, the watch by the one that fails.
        try await wait(on: server, progress: .seconds(60), grace: .seconds(60), token: .helper(plugin))
        #expect(try Files.read(scratch("runs")).count == 12)
    }

    @Test("a release command whose pods nobody can look at for a while is not given up")
    func unseenRelease() async throws {
        func job(_ status: String) -> String {
            #"{"metadata":{"uid":"j","name":"shop-release","resourceVersion":"5"},"status":\#(status)}"#
        }
        let done = Self.event("MODIFIED", job(#"{"conditions":[{"type":"Complete","status":"True"}]}"#))
        let running = job("{}")
        let looks = Mutex(0)
        let server = try SocketServer { request in
            if request.target.contains("watch=1") {
                usleep(1_500_000)
                // Not before somebody has looked at the pods, and was told no, more than once.
                for _ in 0..<6000 where looks.withLock({ $0 }) < 4 { usleep(10_000) }
                request.send(Self.head + Self.chunk(done))
                return request.waitForClose()
            }
            guard request.target.contains("/jobs") else {
                looks.withLock { $0 += 1 }
                return request.respond(503)
            }
            request.respond(200, body: #"{"metadata":{"resourceVersion":"5"},"items":[\#(running)]}"#)
        }
        var settings = DeployerSettings(namespace: "demo", attempts: 1, retryDelay: .milliseconds(1))
        settings.progressDeadline = .milliseconds(200)
        settings.progressPeriod = .milliseconds(50)
        let credentials = ClusterCredentials(server: server.url(""), origin: "a test")
        let client = ClusterClient(credentials: credentials, http: Self.http, settings: settings)
        let own = OwnJob(["metadata": ["uid": "j", "name": "shop-release"]], "shop-release")
        let log = CollectedLog()
        #expect(try await ReleaseWait(client: client, namespace: "demo", own: own, log: log).run() == nil)
        #expect(log.texts.contains { $0.contains("Could not look at the pods") })
        #expect(!log.texts.contains { $0.contains("has not started") })
    }

    @Test("cancellation ends the wait at once")
    func cancelled() async throws {
        let server = try server([{ $0.waitForClose() }])
        let task = Task { try await wait(on: server) }
        try await eventually("the watch is open") { !versions(server).isEmpty }
        task.cancel()
        let failure = try await failure { try await task.value }
        #expect(failure.fault == .cancelled)
    }

    /// A server of whose Deployment one pod is not ready, with warnings in two pages.
    private func crashing(
        _ container: String,
        log: @escaping @Sendable (Int, ServedRequest) -> Void
    ) throws -> SocketServer {
        let pod = #"{"metadata":{"name":"shop-7-1"},"status":{"containerStatuses":[\#(container)]}}"#
        let event = #"{"involvedObject":{"kind":"Pod","name":"shop-7-1"},"reason":"BackOff","message":"restarting"}"#
        let set =
            #"{"metadata":{"name":"shop-7","ownerReferences":[{"uid":"u"}],"labels":{"pod-template-hash":"7"}}}"#
        let logs = Mutex(0)
        return try SocketServer { request in
            let target = request.target
            if target.contains("/replicasets") { return request.respond(200, body: #"{"items":[\#(set)]}"#) }
            if target.contains("/log") {
                return log(
                    logs.withLock { count in
                        count += 1
                        return count
                    },
                    request
                )
            }
            if target.contains("/pods") { return request.respond(200, body: #"{"items":[\#(pod)]}"#) }
            if target.contains("continue=more") { return request.respond(200, body: #"{"items":[\#(event)]}"#) }
            if target.contains("/events") {
                return request.respond(200, body: #"{"metadata":{"continue":"more"},"items":[{"reason":"other"}]}"#)
            }
            if target.contains("watch=1") { return request.waitForClose() }
            let item = Self.object(5, ready: false)
            request.respond(200, body: #"{"metadata":{"resourceVersion":"5"},"items":[\#(item)]}"#)
        }
    }

    // No kubelet runs beside the test's API server, and the log of a container is a kubelet's to give.
    @Test("a crashed container's last lines and the warnings about the app are in the log")
    func crash() async throws {
        let state = #""state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1}}"#
        let server = try crashing(#"{"name":"app","ready":false,\#(state)}"#) { _, request in
            request.respond(200, body: "starting\nno \u{1b}[31mdatabase\n")
        }
        let log = CollectedLog()
        let failure = try await failure { try await wait(on: server, limit: .milliseconds(800), log: log) }
        #expect(failure.code == .appCrashed)
        #expect(log.texts.contains("no [31mdatabase"))
        #expect(log.texts.contains("Event: Pod shop-7-1: BackOff: restarting"))
        #expect(server.requests.contains { $0.contains("/log?container=app&previous=true&tailLines=20") })
    }

    @Test("a container that was started again is asked for the lines of the run that crashed, until there are some")
    func restartedContainer() async throws {
        let state = #""state":{"running":{}},"lastState":{"terminated":{"exitCode":1}}"#
        let server = try crashing(#"{"name":"app","ready":false,\#(state)}"#) { count, request in
            switch count {
            case 1: request.respond(404, body: #"{"kind":"Status","reason":"NotFound","code":404,"message":"gone"}"#)
            case 2: request.respond(200, body: "")
            default: request.respond(200, body: "no database\n")
            }
        }
        let log = CollectedLog()
        let failure = try await failure {
            try await wait(on: server, limit: .seconds(15), progress: .milliseconds(100), log: log)
        }
        #expect(failure.code == .appCrashed)
        #expect(log.texts.filter { $0 == "no database" }.count == 1)
        #expect(server.requests.filter { $0.contains("/log?") }.allSatisfy { $0.contains("previous=true") })
    }

    @Test(
        "a real API server that is killed and started again in mid-watch costs nothing but time",
        .timeLimit(.minutes(12))
    )
    func restarted() async throws {
        let server = try await KubernetesServer(controllers: true)
        let rollout = try await RolloutFixture(on: server)
        let demo = rollout.demo
        let settings = rollout.settings(rollout: .seconds(180), progress: .seconds(170))
        let intent = try demo.intent(settings: settings)
        let task = Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
        try await eventually("its pod is waited for") { demo.log.texts.contains("Rollout: 0 of 1 pods ready") }
        try await server.restart()
        try await rollout.makeReady("d1")
        _ = try await task.value
        #expect(demo.log.texts.last == "Rollout complete.")
        try await expiry(demo)
        try await outage(server, rollout)
    }

    /// A real 410: the server's memory of changes begins when it was started, long after version 1.
    private func expiry(_ demo: DeployFixture) async throws {
        let client = ClusterClient(
            credentials: try ClusterCredentials.load(kubeconfig: demo.server.kubeconfig),
            http: Self.http,
            settings: demo.settings
        )
        let request = ClusterRequest(
            .watch,
            .deployment,
            namespace: demo.namespace,
            query: [("watch", "1"), ("resourceVersion", "1"), ("timeoutSeconds", "5")]
        )
        let failure = try await failure { try await client.watch(request, period: .seconds(5)) { _ in } }
        #expect(failure.code == .watchExpired)
        #expect(failure.cause?.contains("too old resource version: 1 (") == true)
    }

    /// An outage that lasts until a rollout's deadline is no verdict on the new version: nothing is taken back.
    private func outage(_ server: KubernetesServer, _ rollout: RolloutFixture) async throws {
        let demo = rollout.demo
        let settings = rollout.settings(rollout: .seconds(40))
        let intent = try demo.intent(Sample.request(deployment: "d2"), image: "c", queuedAt: 2000, settings: settings)
        let task = Task { try await demo.deployer(settings).deploy(intent, confirm: {}, log: demo.log) }
        try await eventually("the new pod is waited for") { demo.log.texts.contains { $0.contains("1 old to go") } }
        server.interrupt()
        let failure = try await failure { _ = try await task.value }
        #expect(failure.code == .unreachable)
        #expect(failure.fault == .platform)
        #expect(failure.isRetryable)
        #expect(failure.message.contains("How the rollout ended is unknown"))
        #expect(demo.log.texts.contains { $0.contains("Warning: rollout goes on unseen") })
        #expect(!demo.log.texts.contains { $0.contains("Going back") })
        try await server.resume()
        #expect(try await demo.object("deployment").deployedImage?.hasSuffix(Sample.digest("c")) == true)
    }
}
