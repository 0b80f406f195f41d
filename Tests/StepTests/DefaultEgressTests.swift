import TestSupport
import Testing

@Suite("What a step that fetches packages reaches where its rule names nothing")
struct DefaultEgressTests {
    /// Asks the proxy for a tunnel to each of its arguments.
    private static let script = """
        for host in "$@"; do
            exec 3<>/dev/tcp/127.0.0.1/3128
            printf 'CONNECT %s HTTP/1.1\\r\\n\\r\\n' "$host" >&3
            read -r answer <&3; echo "$host: ${answer%$'\\r'}"; exec 3>&-
        done
        """

    private func log(asking hosts: String, _ variables: [String: String] = [:]) async throws -> String {
        var fixture = try await StepFixture()
        try fixture.useRule("- {name: build, network: packages, command: 'bash ask.sh \(hosts)'}")
        try fixture.app(["probe.txt": "", "ask.sh": Self.script])
        fixture.variables = variables.merging(["SLIPWAY_SANDBOX_ALLOW_PRIVATE": "false"]) { own, _ in own }
        let build = try await fixture.build("1")
        #expect(build.result.succeeded, "\(build.log)")
        return build.log
    }

    @Test("by default, the port of TLS alone, and no address of this node, of private networks or of a cloud's own")
    func usual() async throws {
        let unnamed = "neither the step's plan nor steps.hosts names it"
        let table = [
            ("127.0.0.1:443", "its address 127.0.0.1 is this node's own, and steps.hosts does not name it"),
            ("10.1.2.3:443", "its address 10.1.2.3 is not one of the internet, and steps.hosts does not name it"),
            ("169.254.169.254:443", "its address 169.254.169.254 is not one of the internet, and"),
            ("files.example.org:80", unnamed), ("files.example.org:22", unnamed), ("127.0.0.1:6379", unnamed),
        ]
        let log = try await log(asking: table.map(\.0).joined(separator: " "))
        for (host, reason) in table {
            #expect(log.contains("refused a connection to \(host): \(reason)"), "\(host): \(log)")
            #expect(log.contains("\(host): HTTP/1.1 403 Forbidden"), "\(host): \(log)")
        }
    }

    @Test("where the operator names hosts, these alone")
    func named() async throws {
        let index = try SocketServer { $0.respond(200, body: "") }
        let own = "127.0.0.1:\(index.port)"
        let log = try await log(asking: "\(own) files.example.org:443", ["SLIPWAY_STEPS_HOSTS": own])
        #expect(log.contains("\(own): HTTP/1.1 200 Connection established"), "\(log)")
        #expect(log.contains("files.example.org:443: HTTP/1.1 403 Forbidden"), "\(log)")
        #expect(
            log.contains(
                "refused a connection to files.example.org:443: neither the step's plan nor steps.hosts names it"
            ),
            "\(log)"
        )
    }
}
