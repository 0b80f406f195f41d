import BuildModel
import Platform
import RedisTransport
import TestSupport
import Testing

@Suite("A Redis connection")
struct RedisConnectionTests {
    private func open(_ server: RedisServer) async throws -> RedisConnection {
        try await .connect(to: try RedisEndpoint(parsing: server.url), within: .seconds(5))
    }

    private static func failure(_ body: () async throws -> RedisValue) async -> BuildFailure? {
        await #expect(throws: BuildFailure.self) { try await body() }
    }

    @Test("returns every kind of reply")
    func replies() async throws {
        let server = try await RedisServer()
        let connection = try await open(server)
        func send(_ words: RedisArgument...) async throws -> RedisValue {
            try await connection.send(words, within: .seconds(5))
        }
        #expect(try await send("PING") == .status("PONG"))
        #expect(try await send("GET", "nothing") == .null)
        #expect(try await send("INCRBY", "n", 41) == .integer(41))
        #expect(try await send("GET", "n").integer == 41)
        #expect(try await send("MGET", "n", "nothing") == .array([.bytes(Array("41".utf8)), .null]))
        #expect(try await send("LRANGE", "none", 0, -1) == .array([]))
        #expect(try await send("EVAL", "return {1,{'a',{2}}}", 0)[1]?[1]?[0] == .integer(2))
        let wrong = try await send("LPUSH", "n", "x")
        #expect(wrong == .error("WRONGTYPE Operation against a key holding the wrong kind of value"))
        await connection.close()
    }

    @Test("carries any bytes", arguments: [0, 1, 65_536, 5_000_001])
    func binary(size: Int) async throws {
        let server = try await RedisServer()
        let connection = try await open(server)
        let value = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        _ = try await connection.send(["SET", "k\0\r\n", RedisArgument(value)], within: .seconds(20))
        #expect(try await connection.send(["GET", "k\0\r\n"], within: .seconds(20)) == .bytes(value))
    }

    @Test("answers a thousand callers at once, each with its own reply")
    func pipelining() async throws {
        let server = try await RedisServer()
        let connection = try await open(server)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<1000 {
                group.addTask {
                    try await connection.send(["ECHO", "\(number)"], within: .seconds(20)).integer == Int64(number)
                }
            }
            for try await isOwn in group { #expect(isOwn) }
        }
    }

    @Test("fails what is in flight, retryably, when the server dies")
    func serverDies() async throws {
        let server = try await RedisServer()
        let connection = try await open(server)
        async let waiting = Self.failure {
            try await connection.send(["BLPOP", "k", 0], within: .seconds(60), blocks: true)
        }
        try await eventually("the command waits in the server") {
            try await server.cli("INFO", "clients").contains { $0.hasPrefix("blocked_clients:1") }
        }
        try await server.kill()
        let failure = await waiting
        #expect(failure?.code == .unreachable)
        #expect(failure?.isRetryable == true)
        #expect(await !connection.isOpen)
        #expect(await Self.failure { try await connection.send(["PING"], within: .seconds(1)) }?.code == .unreachable)
    }

    @Test("closes when a blocked command is cancelled")
    func cancelBlocked() async throws {
        let server = try await RedisServer()
        let connection = try await open(server)
        let task = Task {
            await Self.failure { try await connection.send(["BLPOP", "k", 0], within: .seconds(60), blocks: true) }
        }
        try await eventually("the command waits in the server") {
            try await server.cli("INFO", "clients").contains { $0.hasPrefix("blocked_clients:1") }
        }
        task.cancel()
        #expect(await task.value?.code == .cancelled)
        try await eventually("the server lets the client go") {
            try await server.cli("INFO", "clients").contains { $0.hasPrefix("blocked_clients:0") }
        }
        #expect(await !connection.isOpen)
    }

    @Test("stays usable when a plain command is cancelled, and skips its reply")
    func cancelPlain() async throws {
        let server = try await RedisServer()
        let connection = try await open(server)
        server.suspend()
        let task = Task { await Self.failure { try await connection.send(["ECHO", "first"], within: .seconds(30)) } }
        task.cancel()
        #expect(await task.value?.code == .cancelled)
        server.resume()
        #expect(try await connection.send(["ECHO", "second"], within: .seconds(30)).text == "second")
    }

    @Test("gives up on a server that does not answer in time")
    func overdue() async throws {
        let server = try await RedisServer()
        let connection = try await open(server)
        server.suspend()
        defer { server.resume() }
        let failure = await Self.failure { try await connection.send(["PING"], within: .milliseconds(100)) }
        #expect(failure?.code == .unreachable)
        #expect(failure?.message.contains("did not answer within 100 ms") == true)
    }

    @Test("names the address when nobody listens")
    func nobody() async throws {
        let endpoint = try RedisEndpoint(parsing: "redis://127.0.0.1:\(Port.free())")
        let failure = await #expect(throws: BuildFailure.self) {
            _ = try await RedisConnection.connect(to: endpoint, within: .seconds(5))
        }
        #expect(failure?.code == .unreachable)
        #expect(failure?.isRetryable == true)
        #expect(failure?.message.contains(endpoint.description) == true)
        #expect(failure?.cause == "Connection refused")
    }

    @Test("tells a server that speaks another protocol")
    func wrongProtocol() async throws {
        let port = Port.free()
        let scratch = try Scratch()
        let words = ["/usr/bin/env", "python3", "-m", "http.server", "--bind", "127.0.0.1", String(port)]
        let web = try await ServerProcess(words, log: scratch("log"))
        defer { web.stop() }
        try await eventually("the web server listens") { Port.accepts(port) }
        let endpoint = try RedisEndpoint(parsing: "redis://127.0.0.1:\(port)")
        let connection = try await RedisConnection.connect(to: endpoint, within: .seconds(5))
        let failure = await Self.failure { try await connection.send(["PING"], within: .seconds(5)) }
        #expect(failure?.code == .protocolViolation)
        #expect(failure?.isRetryable == false)
    }
}
