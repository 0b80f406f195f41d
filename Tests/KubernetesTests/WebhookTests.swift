import BuildModel
import Kubernetes
import Platform
import TestSupport
import Testing

@Suite("Admission webhooks of a real API server")
struct WebhookTests {
    private let demo: DeployFixture

    init() async throws {
        demo = try await DeployFixture(on: try await KubernetesServer.withControllers)
    }

    /// Puts a webhook before the namespace's Deployments, for as long as `body` runs.
    private func withWebhook(port: Int, _ body: () async throws -> Void) async throws {
        let authority = Base64.encode(try Files.read(demo.server.authorityFile))
        let manifest = """
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingWebhookConfiguration
            metadata: {name: "\(demo.namespace)"}
            webhooks:
            - name: rules.example.org
              clientConfig: {url: "https://127.0.0.1:\(port)/", caBundle: "\(authority)"}
              namespaceSelector: {matchLabels: {hook: "\(demo.namespace)"}}
              rules: [{apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: [deployments]}]
              sideEffects: None
              admissionReviewVersions: [v1]
              timeoutSeconds: 20
            """
        try await demo.server.mustKubectl(["label", "namespace", demo.namespace, "hook=\(demo.namespace)"])
        try await demo.kubectl("apply", "-f", "-", input: manifest)
        do {
            try await body()
        } catch {
            try await demo.kubectl("delete", "validatingwebhookconfiguration", demo.namespace)
            throw error
        }
        try await demo.kubectl("delete", "validatingwebhookconfiguration", demo.namespace)
    }

    /// What an apply ends with, once the server asks the webhook: it takes a moment until it knows of one.
    private func refusal() async throws -> BuildFailure {
        try await eventually("the webhook is asked") {
            do {
                try await demo.apply(try demo.intent())
                return nil
            } catch let failure as BuildFailure {
                return failure
            }
        }
    }

    @Test("one that cannot be reached is trouble that may pass, says which it is, and is waited for until it is back")
    func unreachable() async throws {
        let port = Port.free()
        try await withWebhook(port: port) {
            let failure = try await refusal()
            #expect(failure.isRetryable)
            #expect(failure.message.contains("'rules.example.org' of the cluster does not answer"))
            var settings = demo.settings
            (settings.attempts, settings.retryDelay) = (100, .milliseconds(100))
            let (deployer, intent) = (try demo.deployer(settings), try demo.intent(settings: settings))
            async let applied = deployer.apply(intent, confirm: {}, log: demo.log)
            let server = try await answer(on: port, #"{"allowed": true}"#)
            defer { server.stop() }
            #expect(try await applied.name == "shop")
        }
    }

    @Test("one that says no is named with its words, and is not asked again", arguments: [nil, 400, 403, 500])
    func denying(code: Int?) async throws {
        let port = Port.free()
        let status = code.map { #"{"code": \#($0), "message": "no such team"}"# } ?? #"{"message": "no such team"}"#
        let server = try await answer(on: port, #"{"allowed": false, "status": \#(status)}"#)
        defer { server.stop() }
        try await withWebhook(port: port) {
            let failure = try await refusal()
            #expect(failure.code == .forbidden, "\(failure)")
            #expect(failure.fault == .platform)
            #expect(!failure.isRetryable)
            #expect(failure.message.contains("'rules.example.org' of the cluster does not allow it"))
            #expect(failure.cause?.contains("no such team") == true)
        }
    }

    /// A webhook with the API server's own certificate that gives every review the same response.
    private func answer(on port: Int, _ response: String) async throws -> ServerProcess {
        let program = """
            import http.server, json, ssl, sys
            class Hook(http.server.BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"
                def do_POST(self):
                    review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    response = dict(json.loads(sys.argv[3]), uid=review["request"]["uid"])
                    body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}).encode()
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
            server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Hook)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[2] + "/apiserver.crt", sys.argv[2] + "/apiserver.key")
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.serve_forever()
            """
        let server = try await ServerProcess(
            ["/usr/bin/python3", "-c", program, String(port), "\(demo.server.folder)/pki", response],
            log: demo.scratch("webhook-\(port).log")
        )
        try await eventually("the webhook listens") { Port.accepts(port) }
        return server
    }
}
