import BuildModel
import Glibc
import RedisTransport
import TestSupport
import Testing

@Suite("A Redis client")
struct RedisClientTests {
    private func client(_ url: String) throws -> RedisClient {
        RedisClient(try RedisEndpoint(parsing: url), name: "slipway test")
    }

    private func failure(_ url: String, _ words: [RedisArgument] = ["PING"]) async throws -> BuildFailure? {
        let client = try client(url)
        let failure = await #expect(throws: BuildFailure.self) { try await client.send(words) }
        await client.close()
        return failure
    }

    @Test("comes back after the server was killed and started again")
    func reconnects() async throws {
        let server = try await RedisServer()
        let client = try client(server.url)
        try await client.send(["SET", "k", "v"])
        try await server.restart()
        try await eventually("the client is back") {
            do {
                return try await client.send(["GET", "k"]).text == "v"
            } catch let failure as BuildFailure where failure.isRetryable {
                return false
            }
        }
        await client.close()
    }

    @Test("waits for a server that starts late")
    func lateServer() async throws {
        let server = try await RedisServer()
        try await server.kill()
        let client = try client(server.url)
        async let reply = client.send(["PING"], within: .seconds(30))
        try await server.start()
        #expect(try await reply == .status("PONG"))
        await client.close()
    }

    @Test("gives a reply up whose caller has little time, and goes on with the same connection")
    func shortTime() async throws {
        // The reply may be owed for a second, and a busy machine may take longer than that: then once more.
        var connections = 0
        for _ in 0..<5 where connections != 1 { connections = try await connectionsAfterShortTime() }
        #expect(connections == 1)
    }

    private func connectionsAfterShortTime() async throws -> Int {
        let server = try FakeRedis { words in
            if words == ["GET", "slow"] { usleep(100_000) }
            return words[0] == "GET" ? FakeRedis.text(words[1]) : "+OK\r\n"
        }
        let client = try client("redis://127.0.0.1:\(server.port)")
        try await client.send(["GET", "first"])
        let failure = await #expect(throws: BuildFailure.self) {
            try await client.send(["GET", "slow"], within: .milliseconds(20))
        }
        #expect(failure?.code == .unreachable)
        #expect(try await client.send(["GET", "next"]).text == "next")
        await client.close()
        return server.connections
    }

    @Test("opens one connection for many callers and names it")
    func sharing() async throws {
        let server = try await RedisServer()
        let client = try client(server.url)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { try await client.send(["PING"]) } }
            try await group.waitForAll()
        }
        let named = try await server.cli("CLIENT", "LIST").filter { $0.contains("name=slipway-test ") }
        #expect(named.count == 1)
        await client.close()
    }

    @Test("blocks on connections of their own")
    func blocking() async throws {
        let server = try await RedisServer()
        let client = try client(server.url)
        async let popped = client.sendBlocking(["BLPOP", "list", 30], waiting: .seconds(30))
        try await eventually("the command waits in the server") {
            try await server.cli("INFO", "clients").contains { $0.hasPrefix("blocked_clients:1") }
        }
        try await client.send(["RPUSH", "list", "x"])
        #expect(try await popped[1]?.text == "x")
        await client.close()
    }

    @Test("works over a socket in the file system and in another database")
    func socketAndDatabase() async throws {
        let server = try await RedisServer()
        let client = try client(server.socketURL + "?db=5")
        try await client.send(["SET", "k", "v"])
        #expect(try await server.cli("-n", "5", "GET", "k") == ["v"])
        await client.close()
    }

    @Test("logs in with password and ACL user")
    func login() async throws {
        let user = ["--user", "w", "on", ">p%w", "~*", "&*", "+@all"]
        let server = try await RedisServer(options: ["--requirepass", "s@crt"] + user)
        for login in [":s%40crt@", "w:p%25w@", "default:s%40crt@"] {
            let client = try client("redis://\(login)127.0.0.1:\(server.port)")
            #expect(try await client.send(["PING"]) == .status("PONG"))
            await client.close()
        }
    }

    @Test("says whether a password is wrong, missing or not wanted, and never shows it")
    func refusedLogin() async throws {
        let server = try await RedisServer(options: ["--requirepass", "right"])
        let wrong = try await failure("redis://:hunter2@127.0.0.1:\(server.port)")
        #expect(wrong?.code == .unauthorized)
        #expect(wrong?.cause?.hasPrefix("WRONGPASS") == true)
        #expect(wrong?.description.contains("hunter2") == false)
        let missing = try await failure(server.url)
        #expect(missing?.code == .unauthorized)
        #expect(missing?.message.contains("wants a password") == true)
        let open = try await RedisServer()
        let needless = try await failure("redis://:hunter2@127.0.0.1:\(open.port)")
        #expect(needless?.code == .unauthorized)
        #expect(needless?.description.contains("hunter2") == false)
    }

    @Test("explains a full server, a cluster's node and a forbidden command")
    func explanations() async throws {
        let full = try await RedisServer(options: ["--maxmemory", "1"])
        #expect(try await failure(full.url, ["SET", "k", "v"])?.code == .redisOutOfMemory)
        let node = try await RedisServer(options: ["--cluster-enabled", "yes", "--cluster-port", "\(Port.free())"])
        #expect(try await failure(node.url, ["SET", "k", "v"])?.code == .unreachable)
        try await node.cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        try await eventually("the node knows that the cluster stands") {
            try await node.cli("CLUSTER", "INFO").contains { $0.hasPrefix("cluster_state:ok") }
        }
        #expect(try await failure(node.url, ["MGET", "a", "b"])?.code == .redisWrongServer)
        let strict = try await RedisServer(options: ["--user", "w", "on", ">p", "~*", "&*", "+@all", "-flushall"])
        let url = "redis://w:p@127.0.0.1:\(strict.port)"
        #expect(try await failure(url, ["FLUSHALL"])?.code == .unauthorized)
        #expect(try await failure(strict.url, ["EVALSHA", "0000", 0])?.code == .redisFunctionMissing)
        #expect(try await failure(strict.url, ["NONSENSE"])?.code == .redisRefused)
    }

    @Test("refuses commands after it was closed")
    func closed() async throws {
        let server = try await RedisServer()
        let client = try client(server.url)
        try await client.send(["PING"])
        await client.close()
        await #expect(throws: BuildFailure.self) { try await client.send(["PING"]) }
    }

    @Test("lets a caller leave that waits for a server that is away, and no other")
    func leaving() async throws {
        let server = try await RedisServer()
        try await server.kill()
        let client = try client(server.url)
        let leaving = Task { try await client.send(["PING"], within: .seconds(300)) }
        async let staying = client.send(["PING"], within: .seconds(300))
        leaving.cancel()
        let failure = await #expect(throws: BuildFailure.self) { try await leaving.value }
        #expect(failure?.code == .cancelled)
        try await server.start()
        #expect(try await staying == .status("PONG"))
        await client.close()
    }

    @Test("gives up by each caller's own deadline")
    func deadlines() async throws {
        let client = try client("redis://127.0.0.1:\(Port.free())")
        let patient = Task { try await client.send(["PING"], within: .seconds(300)) }
        let started = ContinuousClock.now
        let hasty = await #expect(throws: BuildFailure.self) {
            try await client.send(["PING"], within: .milliseconds(100))
        }
        #expect(hasty?.code == .unreachable)
        #expect(ContinuousClock.now - started < .seconds(200))
        patient.cancel()
        await #expect(throws: BuildFailure.self) { try await patient.value }
        await client.close()
    }
}
