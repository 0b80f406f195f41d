import BuildModel
import Platform
import Sandbox
import TestSupport
import Testing

@Suite("What a step reaches")
struct EgressTests {
    private static func server() throws -> SocketServer {
        try SocketServer { request in request.respond(200, body: "answer to \(request.target)") }
    }

    @Test("without egress there is a loopback interface of its own, and nothing on it")
    func none() async throws {
        let server = try Self.server()
        let sandbox = try TestSandbox { $0.allowedHosts = ["127.0.0.1:\(server.port)"] }
        _ = try await sandbox.run(
            "wget -O- \(server.url("/")) 2>&1 || echo failed; env | grep -i proxy; ip -o link | wc -l"
        )
        #expect(sandbox.log.texts.contains("step: failed"))
        #expect(sandbox.log.texts.last == "step: 1")
        #expect(server.requests == [])
    }

    @Test("an address that the operator allows is reached through the proxy, and counted")
    func allowed() async throws {
        let server = try Self.server()
        let sandbox = try TestSandbox { $0.allowedHosts = ["127.0.0.1:\(server.port)"] }
        let outcome = try await sandbox.run("wget -q -O- \(server.url("/a?b=c"))") { $0.network = .egress([]) }
        #expect(sandbox.log.texts.first == "step: answer to /a?b=c")
        #expect(server.requests == ["GET /a?b=c"])
        #expect(outcome.egress.allowed == 1)
        #expect(outcome.egress.refused == 0)
        #expect(outcome.egress.bytesIn > 20)
        #expect(sandbox.log.texts.last?.hasPrefix("step: network: 127.0.0.1:\(server.port), 1 connection, ") == true)
    }

    @Test("a tunnel carries bytes both ways")
    func tunnel() async throws {
        let server = try Self.server()
        let sandbox = try TestSandbox { $0.allowedHosts = ["127.0.0.1:\(server.port)"] }
        let request =
            #"printf 'CONNECT 127.0.0.1:\#(server.port) HTTP/1.1\r\n\r\nGET /t HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'"#
        _ = try await sandbox.run("(\(request); sleep 1) | nc 127.0.0.1 3128") { $0.network = .egress([]) }
        #expect(sandbox.log.texts.contains { $0.contains("200 Connection established") })
        #expect(sandbox.log.texts.contains { $0.contains("answer to /t") })
    }

    @Test("a port or host that nobody allows is refused, said and logged")
    func refused() async throws {
        let server = try Self.server()
        let sandbox = try TestSandbox { $0.allowedHosts = ["127.0.0.1:1"] }
        let failure = try await #require(throws: BuildFailure.self) {
            _ = try await sandbox.run("wget -O- \(server.url("/")) 2>&1") {
                $0.network = .egress(["files.example.org:443"])
            }
        }
        #expect(sandbox.log.texts.contains { $0.contains("403 Forbidden") })
        let line = "step: refused a connection to 127.0.0.1:\(server.port): neither the step's plan nor"
        #expect(sandbox.log.texts.contains { $0.hasPrefix(line) })
        #expect(failure.message.contains("It may not reach 127.0.0.1:\(server.port)"), "\(failure)")
        #expect(server.requests == [])
    }

    @Test(
        "a plan cannot open the node or its network: what names resolve to is looked at",
        arguments: ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
    )
    func resolved(_ host: String) async throws {
        let server = try Self.server()
        let sandbox = try TestSandbox()
        await #expect(throws: BuildFailure.self) {
            _ = try await sandbox.run("wget -O- http://\(host):\(server.port)/ 2>&1") {
                $0.network = .egress(["\(host):\(server.port)", "*:\(server.port)"])
            }
        }
        #expect(server.requests == [])
        #expect(
            sandbox.log.texts.contains {
                $0.contains("refused a connection") && $0.contains("is not one of the internet")
            }
        )
    }

    @Test("names may lead to private addresses where the operator says so and names them; what a plan names may not")
    func allowedPrivate() async throws {
        let server = try Self.server()
        for allowed in ["localhost:\(server.port)", "*:\(server.port)", "other.example.org:\(server.port)"] {
            let sandbox = try TestSandbox {
                $0.allowsPrivate = true
                $0.allowedHosts = [allowed]
            }
            let result = try? await sandbox.run("wget -q -O- http://localhost:\(server.port)/") {
                $0.network = .egress(["localhost:\(server.port)"])
            }
            #expect((result != nil) == allowed.hasPrefix("localhost"), "\(allowed)")
        }
        #expect(server.requests == ["GET /"])
    }

    /// The addresses are this node's in a network namespace of the test's own, where the worker runs too.
    @Test("the node itself is out of reach by whatever address it has, unless the operator names it")
    func node() async throws {
        let sandbox = try TestSandbox { _ in }
        try sandbox.scratch.write("the node\n", to: "pages/page")
        let addresses = ["8.8.4.4", "10.9.8.7", "9.9.9.1"]
        let script = addresses.map { "wget -q -O- http://\($0)/page;" }.joined() + " echo tried"
        var step = StepProcess(sandbox: sandbox, command: ["sh", "-c", script])
        step.options = ["egress": ["*:80"], "allowed": ["*:80"], "allowsPrivate": true]
        let setup = """
            set -e
            busybox ip link set lo up; for ip in 8.8.4.4 10.9.8.7; do busybox ip address add $ip/32 dev lo; done
            busybox ip route add local 9.9.9.0/24 dev lo
            busybox httpd -f -p 80 -h "$1" & server=$!
            for try in 1 2 3 4 5 6 7 8 9; do busybox wget -q -O- http://9.9.9.1/page && break; sleep 0.1; done
            shift; "$@" || true
            kill $server
            """
        func lines() async throws -> [String] {
            let words = ["unshare", "--net", "sh", "-c", setup, "setup", sandbox.scratch("pages")] + step.words
            return try await Command.result(words).lines
        }
        let refused = try await lines()
        #expect(refused.first == "the node" && !refused.contains("step: the node"), "\(refused)")
        for address in addresses { #expect(refused.contains { $0.contains("refused a connection to \(address):80") }) }
        step.options["allowed"] = ["8.8.4.4:80"]
        #expect(try await lines().filter { $0 == "step: the node" }.count == 1)
    }

    @Test(
        "what is no request to a proxy is answered so",
        arguments: ["GET / HTTP/1.1", "CONNECT nowhere HTTP/1.1", "junk", "GET http://a@b/ HTTP/1.1"]
    )
    func malformed(_ line: String) async throws {
        let sandbox = try TestSandbox()
        _ = try await sandbox.run("(printf '\(line)\\r\\n\\r\\n'; sleep 0.3) | nc 127.0.0.1 3128") {
            $0.network = .egress(["*:80"])
        }
        #expect(sandbox.log.texts.contains { $0.contains("400 Bad Request") })
    }

    @Test("package managers are told of the proxy and of the authorities, which cannot be changed")
    func environment() async throws {
        let bundle = try Scratch()
        let file = try bundle.write("-----BEGIN CERTIFICATE-----\n", to: "ca.pem")
        let sandbox = try TestSandbox { $0.authorityFile = file }
        _ = try await sandbox.run("env; cat $PIP_CERT; echo x >>$PIP_CERT || echo unchanged") {
            $0.network = .egress([])
        }
        let lines = Set(sandbox.log.texts)
        for name in ["http_proxy", "HTTPS_PROXY", "npm_config_https_proxy", "CARGO_HTTP_PROXY"] {
            #expect(lines.contains("step: \(name)=http://127.0.0.1:3128"))
        }
        for name in [
            "SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO", "COMPOSER_CAFILE",
            "BUNDLE_SSL_CA_CERT",
        ] {
            #expect(lines.contains("step: \(name)=/run/slipway/ca-certificates.crt"))
        }
        #expect(lines.contains("step: -----BEGIN CERTIFICATE-----"))
        #expect(lines.contains("step: unchanged"))
    }

    /// The stand-in answers on the address in a network namespace of the test's own, where the worker runs too.
    @Test("a cloud's metadata service is out of reach, directly and through the proxy, whatever is allowed")
    func metadata() async throws {
        let sandbox = try TestSandbox { _ in }
        try sandbox.scratch.write("stolen credentials\n", to: "metadata/latest/token")
        let script =
            "wget -O- http://169.254.169.254/latest/token; http_proxy= wget -O- http://169.254.169.254/latest/token; echo tried"
        var step = StepProcess(sandbox: sandbox, command: ["sh", "-c", script])
        step.options = ["egress": ["169.254.169.254:80", "*:80"]]
        let setup = """
            set -e
            busybox ip link set lo up; busybox ip address add 169.254.169.254/32 dev lo
            busybox httpd -f -p 169.254.169.254:80 -h "$1" & server=$!
            for try in 1 2 3 4 5 6 7 8 9; do busybox wget -q -O- http://169.254.169.254/latest/token && break; sleep 0.1; done
            shift; "$@" || true
            kill $server
            """
        let words = ["unshare", "--net", "sh", "-c", setup, "setup", sandbox.scratch("metadata")] + step.words
        let result = try await Command.result(words)
        #expect(
            result.lines.first == "stolen credentials",
            "the stand-in answers in its namespace: \(result.errorText)"
        )
        #expect(result.lines.filter { $0.contains("stolen") }.count == 1, "\(result.text)")
        #expect(result.lines.contains { $0.contains("refused a connection to 169.254.169.254:80") })
        #expect(result.lines.contains("step: tried"))
    }
}
