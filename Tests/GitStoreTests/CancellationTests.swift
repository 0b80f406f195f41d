import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// Fetches end when they are told to, whatever the server does.
@Suite("Cancellation")
struct CancellationTests {
    let fixture: GitFixture

    init() throws {
        fixture = try GitFixture()
    }

    /// A server that accepts connections and never says a word.
    private func silentServer() async throws -> (server: ServerProcess, port: Int, accepted: String) {
        let port = Port.free()
        let accepted = fixture.scratch("accepted-\(port)")
        let program = """
            import socket, sys
            listener = socket.create_server(("127.0.0.1", \(port)))
            open(sys.argv[1] + ".listening", "w").close()
            kept = []
            while True:
                kept.append(listener.accept())
                open(sys.argv[1], "w").close()
            """
        let server = try await ServerProcess(
            ["/usr/bin/python3", "-c", program, accepted],
            log: fixture.scratch("silent-\(port).log")
        )
        try await eventually("the silent server listens") { Files.exists("\(accepted).listening") }
        return (server, port, accepted)
    }

    @Test(
        "a cancelled fetch ends at once although the server never answers",
        arguments: ["http://127.0.0.1", "git://127.0.0.1", "ssh://git@127.0.0.1", "https://127.0.0.1"]
    )
    func cancelled(prefix: String) async throws {
        let silent = try await silentServer()
        let mirrors = try fixture.mirrors()
        let (source, log) = (GitSource(url: "\(prefix):\(silent.port)/app"), fixture.log)
        let task = Task { try await mirrors.fetch(source, log: log) }
        try await eventually("the server has the connection") { Files.exists(silent.accepted) }
        let start = ContinuousClock.now
        task.cancel()
        let failure = try await failure { try await task.value }
        #expect(ContinuousClock.now - start < .seconds(50))
        #expect(failure.fault == .cancelled, "\(failure.code.rawValue): \(failure)")
        silent.server.stop()
    }

    @Test("a fetch that takes too long ends with a time-out that names the setting")
    func timedOut() async throws {
        let silent = try await silentServer()
        let failure = try await failure {
            try await fixture.mirrors { $0.timeout = .milliseconds(300) }
                .fetch(GitSource(url: "http://127.0.0.1:\(silent.port)/app"), log: fixture.log)
        }
        #expect(failure.fault == .timedOut)
        #expect(failure.message.contains("git.timeoutSeconds"))
        #expect(failure.isRetryable)
        silent.server.stop()
    }

    @Test("a server that says nothing for too long is unreachable")
    func idle() async throws {
        let silent = try await silentServer()
        let failure = try await failure {
            try await fixture.mirrors { $0.idleTimeout = .milliseconds(300) }
                .fetch(GitSource(url: "git://127.0.0.1:\(silent.port)/app"), log: fixture.log)
        }
        #expect(failure.code == .unreachable)
        #expect(failure.isRetryable)
        silent.server.stop()
    }

    @Test("reading a tree ends when its task is cancelled")
    func reading() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a": "1", "b": "2"])
        let local = try await LocalRepository.open(repository.path)
        let revision = try await local.revision()
        let started = fixture.scratch("started")
        let task = Task {
            try await local.withTree(of: revision) { tree in
                try Files.writeAtomically([], to: started)
                while true { try tree.walk { _ in .proceed } }
            }
        }
        try await eventually("the walk has begun") { Files.exists(started) }
        task.cancel()
        let failure = try await failure { try await task.value }
        #expect(failure.fault == .cancelled, "\(failure.code.rawValue): \(failure)")
    }
}
