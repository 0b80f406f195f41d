import BuildModel
import Platform
import RedisTransport
import TestSupport
import Testing

@Suite("Redis over TLS")
struct TLSTests {
    /// A server with TLS beside its plain port.
    private struct Fixture {
        let scratch: Scratch
        let certificates: TestCertificates
        let server: RedisServer
        let port: Int

        init(names: [String] = ["IP:127.0.0.1", "DNS:localhost"], authClients: String = "no") async throws {
            scratch = try Scratch()
            certificates = try await TestCertificates(in: scratch, names: names)
            port = Port.free()
            server = try await RedisServer(options: [
                "--tls-port", String(port), "--tls-cert-file", certificates.serverCertificate, "--tls-key-file",
                certificates.serverKey, "--tls-ca-cert-file", certificates.authority, "--tls-auth-clients", authClients,
            ])
        }

        func client(
            host: String = "127.0.0.1",
            _ change: (inout TLSFiles) -> Void = { _ in }
        ) throws -> RedisClient {
            var endpoint = try RedisEndpoint(parsing: "rediss://\(host):\(port)")
            var settings = TLSFiles(certificateAuthorityFile: certificates.authority)
            change(&settings)
            endpoint.tls = settings
            return RedisClient(endpoint, name: "tls test")
        }
    }

    @Test("talks to a server whose certificate the named authority signed", arguments: ["127.0.0.1", "localhost"])
    func trusted(host: String) async throws {
        let fixture = try await Fixture()
        let client = try fixture.client(host: host)
        #expect(try await client.send(["PING"]) == .status("PONG"))
        await client.close()
    }

    @Test("carries large values both ways, and many callers at once")
    func large() async throws {
        let fixture = try await Fixture()
        let client = try fixture.client()
        let value = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await client.send(["SET", "large", RedisArgument(value)])
        #expect(try await client.send(["GET", "large"]) == .bytes(value))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let echo = try await client.send(["ECHO", RedisArgument(number)])
                    #expect(echo.integer == Int64(number))
                }
            }
            try await group.waitForAll()
        }
        await client.close()
    }

    @Test("waits in the server, and comes back when the server was restarted")
    func restart() async throws {
        let fixture = try await Fixture()
        let client = try fixture.client()
        async let waited = client.sendBlocking(["BLPOP", "list", "120"], waiting: .seconds(120))
        try await eventually("the client waits") {
            try await fixture.server.cli("INFO", "clients").contains { $0.hasPrefix("blocked_clients:1") }
        }
        try await fixture.server.cli("RPUSH", "list", "x")
        #expect(try await waited[1]?.text == "x")
        try await fixture.server.restart()
        try await eventually("the client is back") { (try? await client.send(["PING"])) == .status("PONG") }
        await client.close()
    }

    @Test("refuses a certificate of an authority that is not named, and one for another host")
    func untrusted() async throws {
        let fixture = try await Fixture(names: ["DNS:elsewhere.example"])
        let stranger = try fixture.client { $0.certificateAuthorityFile = nil }
        let other = try fixture.client()
        for client in [stranger, other] {
            let failure = await #expect(throws: BuildFailure.self) { try await client.send(["PING"]) }
            #expect(failure?.code == .certificateUntrusted)
            #expect(failure?.isRetryable == false)
            #expect(failure?.message.contains("redis.certificateAuthorityFile") == true)
            await client.close()
        }
    }

    @Test("shows its own certificate to a server that wants one")
    func mutual() async throws {
        let fixture = try await Fixture(authClients: "yes")
        let known = try fixture.client {
            $0.clientCertificateFile = fixture.certificates.clientCertificate
            $0.clientKeyFile = fixture.certificates.clientKey
        }
        #expect(try await known.send(["PING"]) == .status("PONG"))
        await known.close()
        let unknown = try fixture.client()
        let failure = await #expect(throws: BuildFailure.self) { try await unknown.send(["PING"]) }
        #expect(failure?.code == .tlsFailed || failure?.code == .unreachable, "\(String(describing: failure))")
        await unknown.close()
    }

    @Test("says that a server speaks no TLS there")
    func plain() async throws {
        let fixture = try await Fixture()
        var endpoint = try RedisEndpoint(parsing: "rediss://127.0.0.1:\(fixture.server.port)")
        endpoint.tls = TLSFiles(certificateAuthorityFile: fixture.certificates.authority)
        let client = RedisClient(endpoint, name: "tls test")
        let failure = await #expect(throws: BuildFailure.self) { try await client.send(["PING"]) }
        #expect(failure?.code == .tlsFailed || failure?.code == .unreachable, "\(String(describing: failure))")
        await client.close()
    }

    @Test("names a file that holds no certificate")
    func badFile() async throws {
        let fixture = try await Fixture()
        let file = try fixture.scratch.write("no certificate", to: "bad.pem")
        let client = try fixture.client { $0.clientCertificateFile = file }
        let failure = await #expect(throws: BuildFailure.self) { try await client.send(["PING"]) }
        #expect(failure?.code == .invalidConfiguration)
        #expect(failure?.message.contains("bad.pem") == true)
        await client.close()
    }
}
