internal import Glibc
internal import Platform
internal import Synchronization

/// A redis-server of a test's own: a random loopback port and a socket, append-only file on, data in a scratch directory.
package final class RedisServer: Sendable {
    package let port: Int
    /// Where it speaks TLS; nil if it does not.
    package let securePort: Int?
    private let scratch: Scratch
    private let options: [String]
    private let process: Mutex<ServerProcess?> = Mutex(nil)
    private let starts = Mutex(0)

    /// - Parameters:
    ///   - options: added to the command line, such as `["--maxmemory", "2mb"]`.
    ///   - certificates: for a second port that speaks TLS.
    package init(options: [String] = [], certificates: TestCertificates? = nil) async throws {
        port = Port.free()
        securePort = certificates.map { _ in Port.free() }
        scratch = try Scratch()
        var options = options
        if let certificates, let securePort {
            options += [
                "--tls-port", String(securePort), "--tls-cert-file", certificates.serverCertificate, "--tls-key-file",
                certificates.serverKey, "--tls-ca-cert-file", certificates.authority, "--tls-auth-clients", "no",
            ]
        }
        self.options = options
        try await start()
    }

    /// The server's program: redis-server, or what `SLIPWAY_REDIS_SERVER` names (such as valkey-server).
    package static var program: String { SystemInformation.environment("SLIPWAY_REDIS_SERVER") ?? "redis-server" }

    /// The URL of the TCP port.
    package var url: String { "redis://127.0.0.1:\(port)" }

    /// The URL of the socket.
    package var socketURL: String { "unix://\(scratch("redis.sock"))" }

    /// Starts the server again after `kill` or `stop`, on the same data; returns when it answers.
    package func start() async throws {
        while try await !starts(try await launch()) {}
    }

    private func launch() async throws -> ServerProcess {
        let number = starts.withLock { starts in
            starts += 1
            return starts
        }
        let words = [
            Self.program, "--port", String(port), "--bind", "127.0.0.1", "--dir", scratch.path, "--save", "",
            "--appendonly", "yes", "--appendfsync", "everysec", "--daemonize", "no", "--unixsocket",
            scratch("redis.sock"),
        ]
        let server = try await ServerProcess(["/usr/bin/env"] + words + options, log: scratch("redis-\(number).log"))
        process.withLock { $0 = server }
        return server
    }

    /// Waits until the server answers; false if it found its port taken, which another process may do for a moment.
    private func starts(_ server: ServerProcess) async throws -> Bool {
        try await eventually("redis-server answers on port \(port)") {
            if server.log.contains("Address already in use") { return false }
            // Any reply will do: a server that wants a password answers too.
            let reply = try await Command.result(["redis-cli", "-p", String(port), "PING"])
            return reply.text.contains("PONG") || reply.text.contains("NOAUTH") ? true : nil
        }
    }

    /// Ends the server as a power failure of the process would, and waits until it is gone.
    ///
    /// What it answered is in its log by then: on a slow disk it may hold that back for two seconds (`appendfsync everysec`), and a
    /// kill in these loses what no client of Redis can keep.
    package func kill() async throws {
        let server = process.withLock { $0 }
        try? await eventually("what was answered is written", within: .seconds(3)) { () async throws -> Bool in
            let words = ["timeout", "3", "redis-cli", "-e", "-p", String(port), "INFO", "persistence"]
            return try await Command.output(words).lines.contains("aof_buffer_length:0")
        }
        server?.signal(SIGKILL)
        try await eventually("redis-server is gone") { !Port.accepts(port) }
        server?.stop()
    }

    /// Kills the server and starts it again.
    package func restart() async throws {
        try await kill()
        try await start()
    }

    /// Stops the server's process without ending it; `resume` lets it go on.
    package func suspend() { process.withLock { $0 }?.signal(SIGSTOP) }

    package func resume() { process.withLock { $0 }?.signal(SIGCONT) }

    /// Ends the server.
    package func stop() { process.withLock { $0 }?.stop() }

    /// Runs redis-cli from outside; returns its lines.
    ///
    /// - Throws: `CommandFailed`, also for an error reply.
    @discardableResult
    package func cli(_ words: String..., input: [UInt8]? = nil) async throws -> [String] {
        let head = ["redis-cli", "-e", "-p", String(port)] + (input == nil ? [] : ["-x"])
        let text = try await Command.output(head + words, input: input ?? []).text
        return text.split(whereSeparator: \.isNewline).map(String.init)
    }
}
