import Glibc
import Platform

/// A primary with a replica, and three Sentinels who watch them and agree by two on a failover.
package final class RedisSentinels: Sendable {
    package let servers: [RedisServer]
    private let scratch: Scratch
    private let ports: [Int]
    private let processes: [ServerProcess]

    /// - Parameter options: for both servers.
    package init(options: [String] = []) async throws {
        scratch = try Scratch()
        let primary = try await RedisServer(options: options)
        // Told, not configured: a server that is started again must not follow one that has become its own replica.
        let replica = try await RedisServer(options: options)
        try await replica.cli("REPLICAOF", "127.0.0.1", String(primary.port))
        servers = [primary, replica]
        try await eventually("the replica follows") {
            try await primary.cli("INFO", "replication").contains { $0.contains("state=online") }
        }
        var (ports, processes): ([Int], [ServerProcess]) = ([], [])
        for number in 1...3 {
            let port = Port.free()
            let file = try scratch.write(Self.configuration(port, primary.port), to: "sentinel-\(number).conf")
            let words = ["/usr/bin/env", RedisServer.program, file, "--sentinel"]
            processes.append(try await ServerProcess(words, log: scratch("sentinel-\(number).log")))
            ports.append(port)
        }
        (self.ports, self.processes) = (ports, processes)
        for port in ports {
            try await eventually("the Sentinels know each other") {
                let words = ["redis-cli", "-p", String(port), "SENTINEL", "MASTER", "main"]
                let lines = try await Command.result(words).lines
                let facts = Dictionary(
                    stride(from: 0, to: lines.count - 1, by: 2).map { (lines[$0], lines[$0 + 1]) },
                    uniquingKeysWith: { first, _ in first }
                )
                return facts["num-other-sentinels"] == "2" && facts["num-slaves"] == "1"
            }
        }
    }

    private static func configuration(_ port: Int, _ primary: Int) -> String {
        """
        port \(port)
        bind 127.0.0.1
        sentinel monitor main 127.0.0.1 \(primary) 2
        sentinel down-after-milliseconds main 1000
        sentinel failover-timeout main 4000
        sentinel parallel-syncs main 1

        """
    }

    package var url: String {
        "redis-sentinel://" + ports.map { "127.0.0.1:\($0)" }.joined(separator: ",") + "/main"
    }

    /// The server that the Sentinels name now.
    package func primary() async throws -> RedisServer {
        let words = ["redis-cli", "-p", String(ports[0]), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"]
        let port = try await Command.output(words).lines.last
        guard let server = servers.first(where: { String($0.port) == port }) else {
            throw CommandFailed(description: "the Sentinels name \(port ?? "nobody")")
        }
        return server
    }

    /// Asks for a failover and waits until another server is the primary.
    package func failOver() async throws {
        let before = try await primary()
        _ = try await Command.result(["redis-cli", "-p", String(ports[0]), "SENTINEL", "FAILOVER", "main"])
        try await untilAnother(than: before)
    }

    /// Waits until another server is the primary.
    package func untilAnother(than server: RedisServer) async throws {
        try await eventually("another server is the primary", within: .seconds(30)) {
            let now = try await self.primary()
            guard now !== server else { return false }
            return try await now.cli("ROLE").first == "master"
        }
    }
}
