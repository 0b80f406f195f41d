import Glibc
import Platform

/// A primary with a replica, and three Sentinels who watch them and agree by two on a failover.
package final class RedisSentinels: Sendable {
    package let servers: [RedisServer]
    private let scratch: Scratch
    private let ports: [Int]
    private let processes: [ServerProcess]
    package let certificates: TestCertificates?
    /// What the Sentinels themselves want.
    package let password: String?

    /// - Parameters:
    ///   - options: for both servers.
    ///   - certificates: for TLS everywhere: clients, Sentinels and replication.
    ///   - password: what the Sentinels themselves want.
    package init(
        options: [String] = [],
        certificates: TestCertificates? = nil,
        password: String? = nil
    ) async throws {
        scratch = try Scratch()
        (self.certificates, self.password) = (certificates, password)
        let options = options + (certificates == nil ? [] : ["--tls-replication", "yes"])
        let primary = try await RedisServer(options: options, certificates: certificates)
        // Told, not configured: a server that is started again must not follow one that has become its own replica.
        let replica = try await RedisServer(options: options, certificates: certificates)
        try await replica.cli("REPLICAOF", "127.0.0.1", String(primary.securePort ?? primary.port))
        servers = [primary, replica]
        try await eventually("the replica follows") {
            try await primary.cli("INFO", "replication").contains { $0.contains("state=online") }
        }
        var (ports, processes): ([Int], [ServerProcess]) = ([], [])
        for number in 1...3 {
            let port = Port.free()
            let text = Self.configuration(port, primary, certificates, password)
            let file = try scratch.write(text, to: "sentinel-\(number).conf")
            let words = ["/usr/bin/env", RedisServer.program, file, "--sentinel"]
            processes.append(try await ServerProcess(words, log: scratch("sentinel-\(number).log")))
            ports.append(port)
        }
        (self.ports, self.processes) = (ports, processes)
        for port in ports {
            try await eventually("the Sentinels know each other") {
                let lines = try await Command.result(words(port, "MASTER", "main")).lines
                let facts = Dictionary(
                    stride(from: 0, to: lines.count - 1, by: 2).map { (lines[$0], lines[$0 + 1]) },
                    uniquingKeysWith: { first, _ in first }
                )
                return facts["num-other-sentinels"] == "2" && facts["num-slaves"] == "1"
            }
        }
    }

    private static func configuration(
        _ port: Int,
        _ primary: RedisServer,
        _ certificates: TestCertificates?,
        _ password: String?
    ) -> String {
        var lines = [certificates == nil ? "port \(port)" : "port 0\ntls-port \(port)\ntls-replication yes"]
        if let certificates {
            lines += [
                "tls-cert-file \(certificates.serverCertificate)", "tls-key-file \(certificates.serverKey)",
                "tls-ca-cert-file \(certificates.authority)", "tls-auth-clients no",
            ]
        }
        if let password { lines += ["requirepass \(password)", "sentinel sentinel-pass \(password)"] }
        lines += [
            "bind 127.0.0.1", "sentinel monitor main 127.0.0.1 \(primary.securePort ?? primary.port) 2",
            "sentinel down-after-milliseconds main 5000", "sentinel failover-timeout main 4000",
            "sentinel parallel-syncs main 1",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// A question to a Sentinel, for redis-cli.
    private func words(_ port: Int, _ question: String...) -> [String] {
        var words = ["redis-cli", "-p", String(port)]
        if let certificates { words += ["--tls", "--cacert", certificates.authority] }
        if let password { words += ["-a", password, "--no-auth-warning"] }
        return words + ["SENTINEL"] + question
    }

    package var url: String {
        let scheme = certificates == nil ? "redis-sentinel" : "rediss-sentinel"
        return "\(scheme)://" + ports.map { "127.0.0.1:\($0)" }.joined(separator: ",") + "/main"
    }

    /// The server that the Sentinels name now.
    package func primary() async throws -> RedisServer {
        let port = try await Command.output(words(ports[0], "GET-MASTER-ADDR-BY-NAME", "main")).lines.last
        guard let server = servers.first(where: { String($0.securePort ?? $0.port) == port }) else {
            throw CommandFailed(description: "the Sentinels name \(port ?? "nobody")")
        }
        return server
    }

    /// Asks for a failover and waits until another server is the primary. It is refused while one is under way, and where no replica
    /// has been seen for a moment, as on a busy machine: then it is asked for again.
    package func failOver() async throws {
        let before = try await primary()
        try await eventually("another server is the primary", within: .seconds(120)) {
            let now = try await self.primary()
            if now !== before { return try await now.cli("ROLE").first == "master" }
            _ = try await Command.result(self.words(self.ports[0], "FAILOVER", "main"))
            try await Task.sleep(for: .seconds(1))
            return false
        }
    }

    /// Waits until another server is the primary.
    package func untilAnother(than server: RedisServer) async throws {
        try await eventually("another server is the primary", within: .seconds(120)) {
            let now = try await self.primary()
            guard now !== server else { return false }
            return try await now.cli("ROLE").first == "master"
        }
    }
}
