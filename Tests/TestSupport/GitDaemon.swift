/// `git daemon` on a loopback port: every repository under a directory, over git://.
package final class GitDaemon: Sendable {
    package let port: Int
    private let server: ServerProcess

    package init(root: String, scratch: Scratch) async throws {
        port = Port.free()
        server = try await ServerProcess(
            [
                "/usr/lib/git-core/git-daemon", "--export-all", "--base-path=\(root)", "--listen=127.0.0.1",
                "--port=\(port)", "--informative-errors", "--reuseaddr",
            ],
            log: scratch("git-daemon-\(port).log"),
            environment: [
                "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
            ]
        )
        let port = port
        try await eventually("git daemon listens") { Port.accepts(port) }
    }

    package func url(_ name: String) -> String { "git://127.0.0.1:\(port)/\(name)" }

    package func stop() { server.stop() }
}
