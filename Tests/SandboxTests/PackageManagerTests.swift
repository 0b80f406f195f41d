import BuildModel
import Platform
import Sandbox
import TestSupport
import Testing

/// The node's own programs, on the node's own files: nothing else on it is a whole Debian.
@Suite("Package managers go through the proxy by themselves")
struct PackageManagerTests {
    /// A repository of one package, which prints a line.
    private func repository(_ scratch: Scratch) async throws -> String {
        try scratch.write(
            "Package: slipway-probe\nVersion: 1.0\nArchitecture: all\nMaintainer: t <t@localhost>\nDescription: probe\n",
            to: "package/DEBIAN/control"
        )
        try scratch.write("#!/bin/sh\necho installed by apt\n", to: "package/usr/bin/slipway-probe")
        let script = """
            set -e
            chmod -R go-w package; chmod 755 package/usr/bin/slipway-probe; mkdir -p repository
            dpkg-deb --root-owner-group --build package repository/probe.deb
            cd repository
            { dpkg-deb --field probe.deb; echo "Filename: ./probe.deb"; echo "Size: $(stat -c %s probe.deb)"
              echo "SHA256: $(sha256sum probe.deb | cut -d ' ' -f 1)"; } >Packages
            """
        try await Command.output(["sh", "-c", script], in: scratch.path)
        return scratch("repository")
    }

    /// Installs the package from `url` in a step that sees the node's files.
    private func install(from url: String, _ sandbox: TestSandbox) async throws {
        let options = "-o Dir::Etc::sourcelist=/etc/probe.list -o Dir::Etc::sourceparts=-"
        let script = """
            set -e
            echo 'deb [trusted=yes] \(url)/ ./' >/etc/probe.list
            apt-get -qq \(options) update
            DEBIAN_FRONTEND=noninteractive apt-get -qq \(options) install --no-install-recommends slipway-probe
            slipway-probe
            """
        var step = try sandbox.step(script) {
            $0.kind = .system
            $0.network = .egress([])
        }
        step.lowers = ["/"]
        do {
            _ = try await sandbox.runner.run(step, log: sandbox.log)
        } catch {
            throw CommandFailed(description: "\(error): \(sandbox.log.texts.joined(separator: "\n"))")
        }
    }

    @Test("apt updates and installs from a repository that only the proxy reaches")
    func apt() async throws {
        let port = Port.free()
        let sandbox = try TestSandbox { $0.allowedHosts = ["127.0.0.1:\(port)"] }
        let directory = try await repository(sandbox.scratch)
        let words = ["busybox", "httpd", "-f", "-p", "127.0.0.1:\(port)", "-h", directory]
        let server = try await ServerProcess(words, log: sandbox.scratch("httpd.log"))
        try await eventually("the repository answers") {
            try await Command.result(["curl", "-sf", "http://127.0.0.1:\(port)/Packages"]).succeeded
        }
        try await install(from: "http://127.0.0.1:\(port)", sandbox)
        #expect(sandbox.log.texts.contains("step: installed by apt"))
        #expect(sandbox.log.texts.contains { $0.hasPrefix("step: network: 127.0.0.1:\(port), ") })
        server.stop()
    }

    /// Port, directory, certificate, key.
    private static let server = """
        import functools, http.server, ssl, sys
        files = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[2])
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), files)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()
        """

    @Test("apt and curl trust the operator's authorities")
    func authorities() async throws {
        let port = Port.free()
        let keys = try Scratch()
        let certificates = try await TestCertificates(in: keys)
        let sandbox = try TestSandbox {
            $0.allowedHosts = ["localhost:\(port)"]
            $0.allowsPrivate = true
            $0.authorityFile = certificates.authority
        }
        let directory = try await repository(sandbox.scratch)
        let words = [
            "python3", "-c", Self.server, "\(port)", directory, certificates.serverCertificate, certificates.serverKey,
        ]
        let server = try await ServerProcess(words, log: sandbox.scratch("tls.log"))
        let address = "https://localhost:\(port)"
        try await eventually("the repository answers") {
            try await Command.result(["curl", "-sf", "--cacert", certificates.authority, "\(address)/Packages"])
                .succeeded
        }
        #expect(
            try await !Command.result(["curl", "-sf", "\(address)/Packages"]).succeeded,
            "the node trusts it anyway"
        )
        try await install(from: address, sandbox)
        #expect(sandbox.log.texts.contains("step: installed by apt"))
        var step = try sandbox.step("curl -sf \(address)/Packages") { $0.network = .egress([]) }
        step.lowers = ["/"]
        _ = try await sandbox.runner.run(step, log: sandbox.log)
        #expect(sandbox.log.texts.contains("step: Package: slipway-probe"))
        server.stop()
        withExtendedLifetime(keys) {}
    }

    @Test(
        "what a plan or an image tells Maven stays",
        arguments: [
            ("-B -T 2", "--global-settings /run/slipway/maven.xml -B -T 2"), ("-B -gs /own.xml", "-B -gs /own.xml"),
            ("--global-settings=/own.xml", "--global-settings=/own.xml"),
        ]
    )
    func maven(_ own: String, _ expected: String) async throws {
        let sandbox = try TestSandbox()
        var step = try sandbox.step("echo $MAVEN_ARGS") { $0.network = .egress([]) }
        step.environment["MAVEN_ARGS"] = own
        _ = try await sandbox.runner.run(step, log: sandbox.log)
        #expect(sandbox.log.texts == ["step: \(expected)"])
    }

    @Test("programs of Java and Maven are told in their own ways")
    func java() async throws {
        let bundle = try Scratch()
        let file = try bundle.write("-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n", to: "ca.pem")
        let sandbox = try TestSandbox { $0.authorityFile = file }
        let script =
            "echo $JAVA_TOOL_OPTIONS; echo $MAVEN_ARGS; cat /run/slipway/maven.xml; od -An -tx1 -N 12 /run/slipway/ca-certificates.jks"
        var step = try sandbox.step(script) { $0.network = .egress([]) }
        step.environment["JAVA_TOOL_OPTIONS"] = "-Xmx1g"
        _ = try await sandbox.runner.run(step, log: sandbox.log)
        let lines = sandbox.log.texts
        #expect(lines[0].contains("-Dhttps.proxyHost=127.0.0.1") && lines[0].hasSuffix(" -Xmx1g"), "\(lines)")
        #expect(lines[0].contains("-Djavax.net.ssl.trustStore=/run/slipway/ca-certificates.jks"))
        #expect(lines[1] == "step: --global-settings /run/slipway/maven.xml")
        #expect(lines.contains { $0.contains("<protocol>https</protocol>") })
        #expect(lines.last == "step:  fe ed fe ed 00 00 00 02 00 00 00 01")
    }
}
