import BuildModel
import HTTPTransport
import Platform
import TestSupport
import Testing

@testable import Kubernetes

@Suite("A cluster is not asked more often than agreed")
struct PaceTests {
    @Test("after a burst each request waits for its turn, and a pause gives the burst back")
    func turns() {
        let pace = RequestPace(perSecond: 10, burst: 3)
        let now = ContinuousClock.now + .seconds(1)
        let delays = (1...5).map { _ in pace.delay(at: now) }
        #expect(delays == [.zero, .zero, .zero, .milliseconds(100), .milliseconds(200)])
        #expect(pace.delay(at: now + .seconds(9)) == .zero)
    }

    @Test("requests to a cluster keep to it")
    func requests() async throws {
        let server = try SocketServer { $0.respond(200, body: "{}") }
        var settings = DeployerSettings(namespace: "demo")
        settings.requestsPerSecond = 20
        settings.requestBurst = 1
        let credentials = ClusterCredentials(server: server.url(""), origin: "a test")
        let client = ClusterClient(credentials: credentials, http: DeployFixture.http, settings: settings)
        let start = ContinuousClock.now
        for _ in 1...6 { _ = try await client.send(ClusterRequest(.list, .pod, namespace: "demo")) }
        #expect(ContinuousClock.now - start >= .milliseconds(240))
    }
}
