import BuildModel
import HTTPTransport
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Kubernetes

@Suite("Credentials that change are followed")
struct CredentialTests {
    private let demo: DeployFixture
    private var scratch: Scratch { demo.scratch }

    init() async throws {
        demo = try await DeployFixture()
    }

    private func administratorToken() throws -> String {
        String(decoding: try Files.read("\(demo.server.folder)/token").filter { $0 != 10 }, as: UTF8.self)
    }

    private func kubeconfig(_ user: String) throws -> ClusterCredentials {
        let text = """
            current-context: x
            clusters: [{name: c, cluster: {server: "\(demo.server.url)", certificate-authority: \(demo.server.authorityFile)}}]
            users: [{name: u, user: \(user)}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            """
        return try ClusterCredentials.load(kubeconfig: try scratch.write(text, to: "config"))
    }

    private func helper(_ script: String, more: String = "") throws -> ClusterCredentials {
        try scratch.write("#!/bin/sh\necho run >>'\(scratch("runs"))'\n" + script, to: "helper", mode: 0o755)
        return try kubeconfig(
            "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./helper, interactiveMode: Never, \(more)}}"
        )
    }

    private func answer(_ token: String, expires: String) -> String {
        let json =
            #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":"#
            + #"{"token":"\#(token)","expirationTimestamp":"\#(expires)"}}"#
        return "cat <<'X'\n\(json)\nX\n"
    }

    private func runs() throws -> Int { try Files.read(scratch("runs")).count / 4 }

    @Test("a pod's service account is used with its certificate, its namespace, and its token as it is at that moment")
    func inCluster() async throws {
        for (name, text) in [("token", "old-token"), ("namespace", demo.namespace)] {
            try scratch.write(text, to: name)
        }
        try scratch.write(String(decoding: try Files.read(demo.server.authorityFile), as: UTF8.self), to: "ca.crt")
        let port = demo.server.url.split(separator: ":").last.map(String.init) ?? ""
        let variables = ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": port]
        let found = try ClusterCredentials.inCluster(environment: { variables[$0] }, directory: scratch.path)
        let credentials = try #require(found)
        #expect(credentials.namespace == demo.namespace)
        let failure = try await failure { try await demo.apply(try demo.intent(), as: credentials) }
        #expect(failure.code == .unauthorized)
        try scratch.write(try administratorToken(), to: "token")
        try await demo.apply(try demo.intent(), as: credentials)
    }

    @Test("an IPv6 address gets its brackets, and outside of a pod there is none")
    func addresses() throws {
        for name in ["token", "ca.crt"] { try scratch.write("x", to: name) }
        let variables = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        let found = try ClusterCredentials.inCluster(environment: { variables[$0] }, directory: scratch.path)
        #expect(found?.server == "https://[fd00::1]:443")
        #expect(try ClusterCredentials.inCluster(environment: { _ in nil }) == nil)
    }

    @Test("what KUBECONFIG names goes before the pod's service account, which goes before ~/.kube/config")
    func order() async throws {
        var variables = ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1", "HOME": scratch.path]
        try scratch.write(String(decoding: try Files.read(demo.server.kubeconfig), as: UTF8.self), to: ".kube/config")
        let pod = try await failure {
            _ = try ClusterCredentials.find(
                kubeconfig: nil,
                context: nil,
                environment: { [variables] in variables[$0] }
            )
        }
        #expect(pod.message.contains("a pod without a service account's token"))
        variables["KUBECONFIG"] = demo.server.kubeconfig
        let named = try ClusterCredentials.find(kubeconfig: nil, context: nil, environment: { variables[$0] })
        #expect(named.server == demo.server.url)
        for name in ["KUBECONFIG", "KUBERNETES_SERVICE_HOST"] { variables[name] = nil }
        let own = try ClusterCredentials.find(kubeconfig: nil, context: nil, environment: { variables[$0] })
        #expect(own.server == demo.server.url)
    }

    @Test(
        "a helper's token is kept while it lasts",
        arguments: ["2999-01-01T00:00:00Z", "2999-01-01T00:00:00+02:00", "2999-01-01T00:00:00.123456-11:30"]
    )
    func kept(expires: String) async throws {
        let token = try administratorToken()
        let credentials = try helper(answer(token, expires: expires))
        try await demo.apply(try demo.intent(), as: credentials)
        #expect(try runs() == 1)
    }

    private func plugin(_ script: String) throws -> ExecPlugin {
        guard case .helper(let plugin)? = try helper(script).token else {
            throw CommandFailed(description: "the kubeconfig has no helper")
        }
        return plugin
    }

    private final class Begun: Sendable {
        let count = Mutex(0)
    }

    @Test("a helper runs once for all who ask meanwhile, whether it answers, and how soon that expires, or fails")
    func once() async throws {
        let wait = "until [ -e '\(scratch("go"))' ]; do sleep 0.1; done\n"
        for (script, tokens) in [
            (answer("t", expires: "2999-01-01T00:00:00Z"), 8), (answer("t", expires: "soon"), 8), ("exit 3", 0),
        ] {
            for name in ["runs", "go"] where Files.exists(scratch(name)) { try Files.remove(scratch(name)) }
            let plugin = try plugin(wait + script)
            let begun = Begun()
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 1...8 {
                    group.addTask {
                        begun.count.withLock { $0 += 1 }
                        return (try? await plugin.credential()) == nil ? 0 : 1
                    }
                }
                try await eventually("all have asked") { begun.count.withLock { $0 } == 8 }
                try scratch.write("", to: "go")
                return try await group.reduce(0, +)
            }
            #expect(answers == tokens)
            // Who is late by a moment asks anew where nothing is kept.
            #expect(try runs() <= (script.contains("2999") ? 1 : 3), "\(script)")
        }
    }

    @Test("who waits for a helper that fails gets the failure, and not what has expired")
    func failureAfterExpiry() async throws {
        let script =
            "if [ ! -e '\(scratch("first"))' ]; then\n: >'\(scratch("first"))'\n"
            + answer("t", expires: "2020-01-01T00:00:00Z")
            + "else\nuntil [ -e '\(scratch("go"))' ]; do sleep 0.1; done\nexit 3\nfi\n"
        let plugin = try plugin(script)
        _ = try await plugin.credential()
        let begun = Begun()
        let answers = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 1...8 {
                group.addTask {
                    begun.count.withLock { $0 += 1 }
                    return (try? await plugin.credential()) == nil ? 0 : 1
                }
            }
            try await eventually("all have asked, and it runs") {
                let runs = try runs()
                return begun.count.withLock { $0 } == 8 && runs == 2
            }
            try scratch.write("", to: "go")
            return try await group.reduce(0, +)
        }
        #expect(answers == 0)
    }

    @Test("who is cancelled while a helper runs for another does not wait for it")
    func cancelledMeanwhile() async throws {
        let wait = "until [ -e '\(scratch("go"))' ]; do sleep 0.1; done\n"
        let plugin = try plugin(wait + answer("t", expires: "2999-01-01T00:00:00Z"))
        let first = Task { try await plugin.credential() }
        try await eventually("it runs") { Files.exists(scratch("runs")) }
        let second = Task { try await plugin.credential() }
        second.cancel()
        let failure = try await failure { _ = try await second.value }
        #expect(failure.fault == .cancelled)
        try scratch.write("", to: "go")
        #expect(try await first.value.token != nil)
        #expect(try runs() == 1)
    }

    @Test("what a helper said is forgotten when it was refused, and not when what it said before was")
    func forgotten() async throws {
        let plugin = try plugin(answer("t", expires: "2999-01-01T00:00:00Z"))
        _ = try await plugin.credential()
        await plugin.forget(token: "former", certificate: nil)
        _ = try await plugin.credential()
        #expect(try runs() == 1)
        await plugin.forget(token: "t", certificate: nil)
        _ = try await plugin.credential()
        #expect(try runs() == 2)
    }

    @Test("a helper is asked again when its token has expired, or the cluster refuses it")
    func renewed() async throws {
        let expired = try helper(answer(try administratorToken(), expires: "2020-01-01T00:00:00Z"))
        try await demo.apply(try demo.intent(), as: expired)
        #expect(try runs() > 1)

        let script =
            "if [ -e '\(scratch("second"))' ]; then\n"
            + answer(try administratorToken(), expires: "2999-01-01T00:00:00Z")
            + "else\n: >'\(scratch("second"))'\n" + answer("revoked", expires: "2999-01-01T00:00:00Z") + "fi\n"
        try Files.writeAtomically([], to: scratch("runs"))
        let refused = try helper(script)
        try await demo.apply(try demo.intent(Sample.request(deployment: "d2"), queuedAt: 2000), as: refused)
        #expect(try runs() == 2)
    }

    @Test("a helper is told of the cluster, gets its own variables, and may answer with a certificate")
    func certificate() async throws {
        let folder = demo.server.folder
        let script = """
            echo "$KUBERNETES_EXEC_INFO $OWN $1" >'\(scratch("told"))'
            jq -n --rawfile c '\(folder)/pki/admin.crt' --rawfile k '\(folder)/pki/admin.key' '{apiVersion:
              "client.authentication.k8s.io/v1", kind: "ExecCredential", status: {clientCertificateData: $c, clientKeyData: $k}}'
            """
        let more = "args: [one], env: [{name: OWN, value: mine}], provideClusterInfo: true"
        try await demo.apply(try demo.intent(), as: try helper(script, more: more))
        let told = String(decoding: try Files.read(scratch("told")), as: UTF8.self)
        #expect(told.contains(demo.server.url))
        #expect(told.contains("certificate-authority-data"))
        #expect(told.hasSuffix("mine one\n"))
    }

    @Test(
        "a helper that fails is named, with what it said",
        arguments: [
            ("echo no session >&2; exit 3", "no session"), ("echo hello", "no ExecCredential"), ("", "no ExecC"),
        ]
    )
    func failing(script: String, words: String) async throws {
        let credentials = try helper(script)
        let failure = try await failure { try await demo.apply(try demo.intent(), as: credentials) }
        // Whom it asks may be away for a moment; an answer that is none stays one.
        #expect(failure.code == (script.contains("exit") ? .unreachable : .invalidConfiguration))
        #expect(failure.isRetryable == script.contains("exit"))
        #expect(failure.message.contains("helper"))
        #expect(failure.description.contains(words))
    }

    /// Connects whoever asks to the API server, whatever they ask for, and writes down what that was.
    private func startProxy() async throws -> (url: String, process: ServerProcess) {
        let port = Port.free()
        let program = """
            import socket, sys, threading
            def pump(a, b):
                try:
                    while data := a.recv(65536): b.sendall(data)
                except OSError: pass
                b.close()
            server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
            while True:
                client, _ = server.accept()
                head = b""
                while b"\\r\\n\\r\\n" not in head and (byte := client.recv(1)): head += byte
                if not head: continue
                print(head.split(b"\\r\\n")[0].decode(), flush=True)
                client.sendall(b"HTTP/1.1 200 Connected\\r\\n\\r\\n")
                target = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
                for pair in [(client, target), (target, client)]:
                    threading.Thread(target=pump, args=pair, daemon=True).start()
            """
        let target = demo.server.url.split(separator: ":").last.map(String.init) ?? ""
        let words = ["python3", "-c", program, String(port), target]
        let process = try await ServerProcess(words, log: scratch("proxy.log"))
        try await eventually("the proxy listens") { Port.accepts(port) }
        return ("http://127.0.0.1:\(port)", process)
    }

    @Test("several kubeconfigs, a token file, a proxy and the certificate's other name are used together")
    func everything() async throws {
        let proxy = try await startProxy()
        defer { proxy.process.stop() }
        let authority = demo.server.authorityFile
        try scratch.write(try administratorToken() + "\n", to: "users/secret/token")
        try scratch.write("users: [{name: u, user: {tokenFile: secret/token, token: wrong}}]", to: "users/config")
        try scratch.write(
            """
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u, namespace: "\(demo.namespace)"}}]
            clusters:
            - name: c
              cluster:
                server: https://cluster.invalid:6443
                certificate-authority: \(authority)
                tls-server-name: kubernetes.default.svc
                proxy-url: \(proxy.url)
            """,
            to: "clusters/config"
        )
        let list = "\(scratch("users/config")):\(scratch("clusters/config"))"
        let credentials = try ClusterCredentials.load(environment: { $0 == "KUBECONFIG" ? list : nil })
        #expect(credentials.namespace == demo.namespace)
        try await demo.apply(try demo.intent(), as: credentials)
        #expect(try await demo.exists("deployment"))
        #expect(proxy.process.log.contains("CONNECT cluster.invalid:6443"))
    }

    @Test("requests go through the kubeconfig's proxy")
    func proxy() async throws {
        let proxy = try SocketServer { $0.respond(200, body: #"{"kind":"x"}"#) }
        var credentials = ClusterCredentials(server: "http://127.0.0.1:1", origin: "a test")
        credentials.proxy = proxy.url("")
        _ = try await failure { try await demo.apply(try demo.intent(), as: credentials) }
        #expect(proxy.requests.first?.hasPrefix("GET http://127.0.0.1:1/apis/apps/v1/") == true)
    }
}
