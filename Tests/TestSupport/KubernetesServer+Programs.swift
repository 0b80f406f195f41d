internal import BuildModel
internal import Platform
internal import Synchronization

extension KubernetesServer {
    static func startStorage(_ client: String, in folder: String) async throws -> ServerProcess {
        let peer = "http://127.0.0.1:\(Port.free())"
        return try await ServerProcess(
            [
                "\(Cache.directory)/kubernetes/bin/etcd", "--name", "test", "--data-dir", "\(folder)/etcd",
                "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "test=\(peer)",
                "--unsafe-no-fsync", "--logger", "zap", "--log-level", "warn",
            ],
            log: "\(folder)/etcd.log"
        )
    }

    static func startServer(port: Int, storage: String, in folder: String, controllers: Bool) async throws
        -> ServerProcess
    {
        let keys = "\(folder)/pki"
        // Without controllers nobody makes the service accounts that this admission plugin asks for.
        let accounts = controllers ? [] : ["--disable-admission-plugins=ServiceAccount"]
        try Files.writeAtomically(Array(auditPolicy.utf8), to: "\(folder)/audit-policy.yaml")
        return try await ServerProcess(
            [
                "\(Cache.directory)/kubernetes/bin/kube-apiserver", "--etcd-servers=\(storage)",
                "--bind-address=127.0.0.1",
                "--secure-port=\(port)", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
                "--service-cluster-ip-range=10.0.0.0/24", "--tls-cert-file=\(keys)/apiserver.crt",
                "--tls-private-key-file=\(keys)/apiserver.key", "--client-ca-file=\(keys)/ca.crt",
                "--token-auth-file=\(folder)/tokens.csv", "--authorization-mode=RBAC", "--anonymous-auth=true",
                "--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=\(keys)/sa.pub",
                "--service-account-signing-key-file=\(keys)/sa.key", "--api-audiences=https://kubernetes.default.svc",
                "--audit-policy-file=\(folder)/audit-policy.yaml", "--audit-log-path=\(folder)/audit.log",
            ] + accounts,
            log: "\(folder)/kube-apiserver-\(UInt32.random(in: 0 ... .max)).log"
        )
    }

    private static let auditPolicy = """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules:
        - {level: None, userGroups: ["system:serviceaccounts:kube-system"]}
        - {level: Metadata, userGroups: ["system:serviceaccounts"]}
        - level: Request
          users: [admin]
          verbs: [create, patch]
          resources: [{group: apps, resources: [deployments]}]
        """

    static func startControllers(port: Int, in folder: String) async throws -> ServerProcess {
        let config = "\(folder)/kubeconfig-cert"
        return try await ServerProcess(
            [
                "\(Cache.directory)/kubernetes/bin/kube-controller-manager", "--kubeconfig=\(config)",
                "--authentication-kubeconfig=\(config)", "--authorization-kubeconfig=\(config)",
                "--bind-address=127.0.0.1", "--secure-port=\(port)", "--port=0", "--leader-elect=false",
                "--service-account-private-key-file=\(folder)/pki/sa.key", "--root-ca-file=\(folder)/pki/ca.crt",
                "--use-service-account-credentials=true", "--kube-api-qps=200", "--kube-api-burst=400",
                "--concurrent-deployment-syncs=5",
            ],
            log: "\(folder)/kube-controller-manager-\(UInt32.random(in: 0 ... .max)).log"
        )
    }

    /// Ends the API server, hard, and starts it again on the same port over the same storage.
    package func restart() async throws {
        interrupt()
        try await resume()
    }

    /// Ends the API server, hard; its storage stays.
    package func interrupt() {
        server.withLock { old in
            old?.signal(9)
            old?.stop()
            old = nil
        }
    }

    /// Starts the API server again after `interrupt`.
    package func resume() async throws {
        let next = try await Self.startServer(port: port, storage: storage, in: folder, controllers: hasControllers)
        server.withLock { $0 = next }
        try await waitUntilReady(next, ["/readyz"])
    }
}

extension KubernetesServer {
    /// Runs kubectl as the administrator.
    package func kubectl(_ words: [String], input: String = "") async throws -> CommandResult {
        try await Command.result(
            ["\(Cache.directory)/kubernetes/bin/kubectl", "--kubeconfig", kubeconfig] + words,
            environment: ["HOME": folder],
            input: Array(input.utf8)
        )
    }

    /// Runs kubectl as the administrator; it must succeed.
    @discardableResult
    package func mustKubectl(_ words: [String], input: String = "") async throws -> String {
        let result = try await kubectl(words, input: input)
        guard result.succeeded else {
            throw CommandFailed(
                description: "kubectl \(words): status \(result.status)\n\(result.errorText)\(result.text)"
            )
        }
        return result.text
    }

    /// A namespace that nobody else uses.
    package func makeNamespace() async throws -> String {
        let name = "test-\(UInt64.random(in: 0 ... .max))"
        try await mustKubectl(["create", "namespace", name])
        return name
    }
}
