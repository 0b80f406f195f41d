import BuildModel
import Glibc
import HTTPTransport
import Platform
import Synchronization
import TestSupport
import Testing

@Suite("What goes wrong with an HTTP request")
struct HTTPClientFaultTests {
    let client = HTTPClient(label: "http.test")

    @Test("a server that says nothing is given up after the stall limit")
    func stalledServer() async throws {
        let server = try SocketServer { $0.waitForClose() }
        var request = HTTPRequest(.get, server.url("/never?token=secret"))
        request.limits.stall = .seconds(1)
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(request) }
        #expect(failure.code == .deadlineExceeded)
        #expect(failure.isRetryable)
        #expect(failure.message.contains("GET http://127.0.0.1:\(server.port)/never was given up"))
        #expect(!failure.description.contains("secret"))
    }

    @Test(
        "once a body is sent, or there is none, the answer may take longer than a standstill while it is sent, but not for ever",
        arguments: [0, 100_000]
    )
    func reply(bodySize: Int) async throws {
        let server = try SocketServer { request in
            _ = request.readBody()
            guard request.target == "/late" else { return request.waitForClose() }
            // The time itself is what is asked about: longer than a standstill may be.
            usleep(6_000_000)
            request.respond(201)
        }
        var request = HTTPRequest(.put, server.url("/late"), body: .bytes([UInt8](repeating: 1, count: bodySize)))
        request.limits.stall = .seconds(3)
        request.limits.reply = .seconds(50)
        #expect(try await client.execute(request).0.status == 201)
        request.url = server.url("/never")
        request.limits.stall = .seconds(60)
        request.limits.reply = .seconds(1)
        let silent = request
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(silent) }
        #expect(failure.fault == .timedOut && failure.message.contains("nothing moved for 1.0 s"), "\(failure)")
    }

    /// A body that somebody has to make first, which takes longer than nothing may move.
    private final class Late: BlobContent {
        let size: Int64 = 100_000
        private let isMade = Mutex(false)

        func isReadable(at offset: Int64, orElse tell: @escaping @Sendable () -> Void) -> Bool {
            if isMade.withLock({ $0 }) { return true }
            Task {
                // As above: longer than nothing may move.
                try? await Task.sleep(for: .seconds(4))
                isMade.withLock { $0 = true }
                tell()
            }
            return false
        }

        func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
            let count = min(buffer.count, Int(size - offset))
            buffer.prefix(count).initializeMemory(as: UInt8.self, repeating: 1)
            return count
        }
    }

    @Test("a body that is not made yet is no standstill, and one that is made and does not move is")
    func restingBody() async throws {
        let server = try SocketServer { request in
            guard request.target == "/read" else { return request.waitForClose() }
            request.respond(201, body: "\(request.readBody().count)")
        }
        var request = HTTPRequest(.put, server.url("/read"), body: .content(Late()))
        request.limits.stall = .seconds(1)
        // How soon the answer comes is up to the machine.
        request.limits.reply = .seconds(50)
        let (response, body) = try await client.execute(request)
        #expect(response.status == 201)
        #expect(String(decoding: body, as: UTF8.self) == "100000")
        request = HTTPRequest(.put, server.url("/never"), body: .content(Late()))
        request.limits.stall = .seconds(1)
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(request) }
        #expect(failure.code == .deadlineExceeded, "\(failure)")
    }

    @Test("a body that is never made is given up in its own time, and the client goes on", .timeLimit(.minutes(2)))
    func endlessRest() async throws {
        let server = try SocketServer { request in
            guard request.target == "/never" else { return request.respond(200) }
            request.waitForClose()
        }
        var request = HTTPRequest(.put, server.url("/never"), body: .content(Never()))
        request.limits.rest = .seconds(1)
        let stuck = request
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(stuck) }
        #expect(failure.code == .deadlineExceeded, "\(failure)")
        #expect(failure.message.contains("were not made within 1.0 s"), "\(failure)")
        #expect(try await client.execute(HTTPRequest(.get, server.url("/"))).0.status == 200)
    }

    /// A body that nobody makes.
    private struct Never: BlobContent {
        let size: Int64 = 100_000

        func isReadable(at offset: Int64, orElse tell: @escaping @Sendable () -> Void) -> Bool { false }

        func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int { 0 }
    }

    @Test("of an error's page without end the status and the first bytes count")
    func hugeError() async throws {
        let server = try SocketServer { $0.respond(502, body: String(repeating: "a", count: 20 << 20)) }
        let (response, body) = try await client.execute(HTTPRequest(.get, server.url("/")))
        #expect(response.status == 502 && body.count == 64 << 10)
    }

    @Test("a server that trickles is given up when the total time has passed")
    func slowServer() async throws {
        let server = try SocketServer { request in
            request.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            while request.send([UInt8](repeating: 0x61, count: 64 << 10)) {}
        }
        var request = HTTPRequest(.get, server.url("/slow"))
        request.limits.total = .milliseconds(300)
        request.limits.responseBytes = .max
        // The reader is the slow side: the server would be done at once.
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.download(request) { _ throws(BuildFailure) in waitALittle() }
        }
        #expect(failure.code == .deadlineExceeded)
        #expect(failure.message.contains("0.3 s"))
    }

    @Test("cancelling the task ends a request at once")
    func cancellation() async throws {
        let server = try SocketServer { $0.waitForClose() }
        let task = Task { try await client.execute(HTTPRequest(.get, server.url("/"))) }
        try await eventually("the request arrived") { server.requests.count == 1 }
        let start = ContinuousClock.now
        task.cancel()
        let failure = try await #require(throws: BuildFailure.self) { try await task.value }
        #expect(failure.fault == .cancelled)
        #expect(start.duration(to: .now) < .seconds(50))
    }

    @Test("a request of a task that is cancelled already is not sent")
    func cancelledBefore() async throws {
        let server = try SocketServer { $0.respond(200) }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.execute(HTTPRequest(.get, server.url("/")))
        }
        await #expect(throws: BuildFailure.self) { try await task.value }
        #expect(server.requests.isEmpty)
    }

    @Test("a body larger than the limit is refused")
    func hugeBody() async throws {
        let server = try SocketServer { $0.respond(200, body: String(repeating: "a", count: 10_001)) }
        var request = HTTPRequest(.get, server.url("/huge"))
        request.limits.responseBytes = 10_000
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(request) }
        #expect(failure.code == .limitExceeded)
        #expect(failure.message.contains("more than 10000 bytes"))
    }

    @Test("headers without end are refused")
    func hugeHead() async throws {
        let server = try SocketServer { request in
            request.send("HTTP/1.1 200 OK\r\n")
            while request.send("X-Filler: \(String(repeating: "a", count: 8000))\r\n") {}
        }
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.execute(HTTPRequest(.get, server.url("/")))
        }
        #expect(failure.code == .limitExceeded || failure.code == .connectionLost)
    }

    @Test("a port that nobody listens on is unreachable, and worth another try")
    func refused() async throws {
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.execute(HTTPRequest(.get, "http://127.0.0.1:\(Port.free())/"))
        }
        #expect(failure.code == .unreachable)
        #expect(failure.isRetryable)
    }

    @Test("an unknown host is named")
    func unknownHost() async throws {
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.execute(HTTPRequest(.get, "http://no-such-host.invalid/path"))
        }
        #expect(failure.code == .unreachable)
        #expect(failure.message.contains("no-such-host.invalid"))
    }

    @Test(
        "a broken connection is worth another try",
        arguments: ["reset", "nothing", "half a body"]
    )
    func brokenConnection(how: String) async throws {
        let server = try SocketServer { request in
            switch how {
            case "reset": request.reset()
            case "nothing": request.hangUp()
            default:
                request.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
                request.hangUp()
            }
        }
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.execute(HTTPRequest(.get, server.url("/")))
        }
        #expect(failure.code == .connectionLost)
        #expect(failure.isRetryable)
    }

    @Test("what does not speak HTTP is not believed")
    func notHTTP() async throws {
        let server = try SocketServer { request in
            request.send("SSH-2.0-OpenSSH_9.2\r\n")
            request.hangUp()
        }
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.execute(HTTPRequest(.get, server.url("/")))
        }
        #expect(failure.code == .protocolViolation)
    }

    @Test("after shutdown, what runs and what comes fails as cancelled")
    func shutdown() async throws {
        let client = HTTPClient(label: "http.test")
        let server = try SocketServer { $0.waitForClose() }
        let task = Task { try await client.execute(HTTPRequest(.get, server.url("/"))) }
        try await eventually("the request arrived") { server.requests.count == 1 }
        await client.shutdown()
        let running = try await #require(throws: BuildFailure.self) { try await task.value }
        let late = try await #require(throws: BuildFailure.self) {
            try await client.execute(HTTPRequest(.get, server.url("/")))
        }
        #expect(running.fault == .cancelled)
        #expect(late.fault == .cancelled)
        await client.shutdown()
    }
}

/// Takes long enough that a transfer of many pieces cannot end within the test's limit.
private func waitALittle() {
    let end = ContinuousClock.now + .milliseconds(20)
    while ContinuousClock.now < end {}
}
