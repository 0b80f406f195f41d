import BuildModel
import Glibc
import HTTPTransport
import Kubernetes
import Synchronization
import TestSupport
import Testing

@Suite("A cluster in trouble is asked again, within bounds")
struct DeployRetryTests {
    private static let http = HTTPClient(label: "kubernetes-retry-tests")
    private static let found = #"{"metadata":{"resourceVersion":"1","annotations":{"slipway/project":"shop"}}}"#
    private static let absent = #"{"kind":"Status","reason":"NotFound","details":{"kind":"ingresses"}}"#
    private static let applied = #"{"metadata":{"namespace":"demo","name":"shop","generation":3}}"#

    /// A server where the project was deployed before, without a domain, and whose answers to applies are given in order; the last one stays.
    private static func server(_ answers: [@Sendable (ServedRequest) -> Void]) throws -> SocketServer {
        let next = Mutex(0)
        return try SocketServer { request in
            guard request.method == "PATCH" else {
                let isIngress = request.target.contains("/ingresses/")
                return request.respond(isIngress ? 404 : 200, body: isIngress ? absent : found)
            }
            let index = next.withLock { next in
                defer { next += 1 }
                return min(next, answers.count - 1)
            }
            answers[index](request)
        }
    }

    private static let success: @Sendable (ServedRequest) -> Void = { $0.respond(200, body: applied) }

    private func apply(
        on server: SocketServer,
        attempts: Int = 4,
        limit: Duration = .seconds(30),
        log: CollectedLog = CollectedLog(),
        confirm: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> AppliedDeployment {
        let settings = DeployerSettings(
            namespace: "demo",
            requestLimit: limit,
            attempts: attempts,
            retryDelay: .milliseconds(1)
        )
        let credentials = ClusterCredentials(server: server.url(""), origin: "a test")
        return try await Deployer(credentials: credentials, http: Self.http, settings: settings)
            .apply(try Sample.intent(settings: settings), confirm: confirm, log: log)
    }

    private func patches(_ server: SocketServer) -> [String] { server.requests.filter { $0.hasPrefix("PATCH") } }

    @Test("what may pass is sent again, and the lease is confirmed each time")
    func passing() async throws {
        let server = try Self.server([
            { $0.respond(429, ["Content-Type": "text/plain"], body: "Too many requests, please try again later.\n") },
            { $0.respond(503, body: "<html>") },
            {
                $0.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
                $0.hangUp()
            },
            Self.success,
        ])
        let confirmations = Mutex(0)
        let applied = try await apply(on: server) { confirmations.withLock { $0 += 1 } }
        #expect(applied.generation == 3)
        #expect(confirmations.withLock { $0 } == 5)
        let deployment = "PATCH /apis/apps/v1/namespaces/demo/deployments/shop?fieldManager=slipway"
        let service = "PATCH /api/v1/namespaces/demo/services/shop?fieldManager=slipway"
        #expect(patches(server) == Array(repeating: deployment, count: 4) + [service])
    }

    @Test("a lease that is lost between two sendings stops the second")
    func lostBetween() async throws {
        let server = try Self.server([{ $0.respond(503) }])
        let lost = BuildFailure(
            .platform,
            BuildFailure.Code(rawValue: "lease_lost"),
            operation: "queue",
            message: "Lost."
        )
        let asked = Mutex(0)
        let failure = try await failure {
            _ = try await apply(on: server) {
                guard
                    asked.withLock({
                        $0 += 1; return $0
                    }) == 1
                else { throw lost }
            }
        }
        #expect(failure == lost)
        #expect(patches(server).count == 1)
    }

    @Test("trouble that does not pass ends after the last attempt, as a failure that may be retried later")
    func bounded() async throws {
        let server = try Self.server([{ $0.respond(503, body: "down\n") }])
        let failure = try await failure { _ = try await apply(on: server, attempts: 3) }
        #expect(failure.isRetryable)
        #expect(failure.cause == "down")
        #expect(patches(server).count == 3)
    }

    @Test("what will not pass is sent once")
    func permanent() async throws {
        let body = #"{"kind":"Status","code":500,"message":"failed to create typed patch object"}"#
        let server = try Self.server([{ $0.respond(500, body: body) }])
        let failure = try await failure { _ = try await apply(on: server) }
        #expect(!failure.isRetryable)
        #expect(patches(server).count == 1)
    }

    @Test("the server's Retry-After is waited for")
    func retryAfter() async throws {
        let server = try Self.server([{ $0.respond(429, ["Retry-After": "1"]) }, Self.success])
        let start = ContinuousClock.now
        _ = try await apply(on: server)
        #expect(ContinuousClock.now - start >= .seconds(1))
    }

    @Test("a cancellation ends the wait for the next attempt")
    func cancelled() async throws {
        let server = try Self.server([{ $0.respond(429, ["Retry-After": "60"]) }])
        let task = Task { try await apply(on: server) }
        try await eventually("the first attempt was answered") { patches(server).count == 1 }
        let start = ContinuousClock.now
        task.cancel()
        let failure = try await failure { _ = try await task.value }
        #expect(failure.fault == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(40))
    }

    @Test("a server that says nothing is given up by the deadline")
    func silent() async throws {
        let server = try Self.server([{ $0.waitForClose() }])
        let failure = try await failure { _ = try await apply(on: server, attempts: 2, limit: .seconds(3)) }
        #expect(failure.code == .deadlineExceeded)
        #expect(failure.isRetryable)
        #expect(patches(server).count == 2)
    }

    @Test("a server that answers drop by drop is given up by the deadline as well")
    func dripping() async throws {
        let server = try Self.server([
            { request in
                request.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                for _ in 1...200 {
                    request.send(" ")
                    usleep(10_000)
                }
            }
        ])
        let failure = try await failure { _ = try await apply(on: server, attempts: 1, limit: .milliseconds(300)) }
        #expect(failure.code == .deadlineExceeded)
        #expect(failure.isRetryable)
    }

    @Test("a server that is slow, but within the deadline, is waited for")
    func slow() async throws {
        let server = try Self.server([
            { request in
                usleep(400_000)
                request.respond(200, body: Self.applied)
            }
        ])
        #expect(try await apply(on: server, attempts: 1, limit: .seconds(20)).generation == 3)
    }

    @Test("an answer that is no object is not taken for a success", arguments: ["", "<html>hello</html>", "[]", "{}"])
    func nonsense(body: String) async throws {
        let server = try Self.server([{ $0.respond(200, body: body) }])
        let failure = try await failure { _ = try await apply(on: server) }
        #expect(failure.code == .protocolViolation)
    }

    @Test("warnings of the cluster are shown to the user")
    func warnings() async throws {
        let server = try Self.server([{ $0.respond(200, ["Warning": "299 - \"old API\""], body: Self.applied) }])
        let log = CollectedLog()
        _ = try await apply(on: server, log: log)
        #expect(log.texts.contains("The cluster warns: old API"))
    }
}
