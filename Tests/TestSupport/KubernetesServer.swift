internal import BuildModel
internal import Platform
internal import Synchronization

/// A real API server over a real etcd on loopback. Without controllers what is applied is stored and validated, and that is all; with
/// them Deployments get ReplicaSets and Pods, which no node ever runs: tests write the pods' status.
///
/// One of each kind for the whole test process, since it takes seconds to start; tests keep apart by namespaces of their own. Servers and
/// files go when the test process ends, however it ends.
package final class KubernetesServer: Sendable {
    package let url: String
    /// Keys, logs, kubeconfigs and etcd's data.
    package let folder: String
    let port: Int
    let storage: String
    let hasControllers: Bool
    private let others: Mutex<[ServerProcess]>
    let server: Mutex<ServerProcess?>

    private static let starting = Task { try await KubernetesServer() }
    private static let startingControllers = Task { try await KubernetesServer(controllers: true) }

    /// The server that all tests of this process share.
    package static var shared: KubernetesServer {
        get async throws { try await starting.value }
    }

    /// The same with the controller manager beside it.
    package static var withControllers: KubernetesServer {
        get async throws { try await startingControllers.value }
    }

    /// Kubeconfigs: an administrator by token, the same by client certificate, and somebody without any right.
    package var kubeconfig: String { "\(folder)/kubeconfig" }
    package var certificateKubeconfig: String { "\(folder)/kubeconfig-cert" }
    package var nobodyKubeconfig: String { "\(folder)/kubeconfig-nobody" }
    /// What service accounts of other namespaces than kube-system have asked for, and the Deployments that the administrator has written:
    /// a JSON object on each line.
    package var auditFile: String { "\(folder)/audit.log" }
    package var authorityFile: String { "\(folder)/pki/ca.crt" }

    private static var programs: String { "\(Cache.directory)/kubernetes/bin" }

    /// A server of a test's own, for what others must not notice.
    package init(controllers: Bool = false) async throws {
        guard Files.exists("\(Self.programs)/kube-apiserver") else {
            throw CommandFailed(description: "no kube-apiserver in \(Self.programs): run scripts/kube-apiserver.sh")
        }
        folder = try Directories.createTemporary(in: "/tmp", prefix: "slipway-kubernetes-")
        port = Port.free()
        url = "https://127.0.0.1:\(port)"
        try await Self.makeKeys(in: folder, url: url)
        storage = "http://127.0.0.1:\(Port.free())"
        hasControllers = controllers
        let etcd = try await Self.startStorage(storage, in: folder)
        let server = try await Self.startServer(port: port, storage: storage, in: folder, controllers: controllers)
        // Removes the folder after the two have ended; it outlives the test process by as long as they do.
        let cleaner = try await ServerProcess(
            ["/bin/sh", "-c", Self.clean, "clean", folder, String(etcd.processID), String(server.processID)],
            log: "\(folder)/cleaner.log"
        )
        others = Mutex([etcd, cleaner])
        self.server = Mutex(server)
        try await waitUntilReady(server, ["/readyz", "/api/v1/namespaces/default"])
        guard controllers else { return }
        // The manager gives up soon when there is no server to talk to, or one that is slow: then it is started again.
        let path = "/api/v1/namespaces/default/serviceaccounts/default"
        try await eventually("the controllers have begun", within: .seconds(300)) {
            if others.withLock({ $0.count < 3 || $0.last?.isRunning != true }) {
                let manager = try await Self.startControllers(port: Port.free(), in: folder)
                others.withLock { $0.append(manager) }
            }
            return try await answers(path)
        }
    }

    /// The sleeper is ended too: it would outlive the test run by an hour.
    private static let clean = """
        trap '
            kill $sleeper 2>/dev/null
            (while kill -0 $2 2>/dev/null || kill -0 $3 2>/dev/null; do sleep 0.1; done; rm -rf "$1") >/dev/null 2>&1 &
            exit 0
        ' TERM
        while :; do sleep 3600 & sleeper=$!; wait $sleeper; done
        """

    func waitUntilReady(_ server: ServerProcess, _ paths: [String]) async throws {
        do {
            for path in paths {
                try await eventually("the API server answers \(path)", within: .seconds(300)) {
                    guard server.isRunning else { throw CommandFailed(description: "the API server ended") }
                    return try await self.answers(path)
                }
            }
        } catch {
            throw CommandFailed(description: "\(error)\n\(server.log.suffix(4000))")
        }
    }

    private func answers(_ path: String) async throws -> Bool {
        guard Port.accepts(port) else { return false }
        let token = String(decoding: try Files.read("\(folder)/token"), as: UTF8.self)
        let header = "Authorization: Bearer \(token.filter { !$0.isWhitespace })"
        let words = ["curl", "--fail", "--silent", "--max-time", "10", "--cacert", authorityFile, "--header", header]
        return try await Command.result(words + [url + path]).succeeded
    }

    private static func makeKeys(in folder: String, url: String) async throws {
        let script =
            "set -euo pipefail; umask 077; . scripts/kubernetes-pki.sh; make_pki \"$1\"; make_kubeconfigs \"$1\" \"$2\""
        try await Command.output(["bash", "-c", script, "keys", folder, url], in: Checkout.root)
    }
}
