import BuildModel
import HTTPTransport
import Platform
import Synchronization
import TestSupport
import Testing

@Suite("HTTP requests")
struct HTTPClientTests {
    let client = HTTPClient(label: "http.test")

    @Test("status, headers and body of an answer arrive")
    func answer() async throws {
        let server = try SocketServer { request in
            request.send("HTTP/1.1 100 Continue\r\nX-Interim: yes\r\n\r\n")
            request.send("HTTP/1.1 404 Not Found\r\nX-Twice: one\r\nx-twice:  two \r\nX-Folded: a\r\n  b\r\n")
            request.send("Empty:\r\nContent-Length: 5\r\n\r\nhello")
        }
        let (response, body) = try await client.execute(HTTPRequest(.get, server.url("/a%2Fb/../c?q=%20")))
        #expect(response.status == 404)
        #expect(response.headers.all("X-TWICE") == ["one", "two"])
        #expect(response.headers["x-folded"] == "a b")
        #expect(response.headers["empty"] == "")
        #expect(response.headers["x-interim"] == nil)
        #expect(String(decoding: body, as: UTF8.self) == "hello")
        #expect(server.requests == ["GET /a%2Fb/../c?q=%20"])
    }

    @Test("a redirect is returned, not followed")
    func redirect() async throws {
        let server = try SocketServer { $0.respond(307, ["Location": "/elsewhere"]) }
        let (response, _) = try await client.execute(HTTPRequest(.get, server.url("/")))
        #expect(response.status == 307)
        #expect(response.headers["location"] == "/elsewhere")
        #expect(server.requests.count == 1)
    }

    @Test(
        "a request without a body still says its length where it may have one",
        arguments: [HTTPRequest.Method.post, .put, .patch, .delete]
    )
    func emptyBody(method: HTTPRequest.Method) async throws {
        let server = try SocketServer { request in
            let head = ["content-length", "expect", "transfer-encoding", "content-type"]
            request.respond(200, body: head.map { request.headers[$0] ?? "-" }.joined(separator: " "))
        }
        let (_, body) = try await client.execute(HTTPRequest(method, server.url("/")))
        #expect(String(decoding: body, as: UTF8.self) == "0 - - -")
    }

    @Test("a HEAD request gets headers alone")
    func head() async throws {
        let server = try SocketServer { $0.respond(200, ["Content-Length": "1234", "X-A": "b"]) }
        let (response, body) = try await client.execute(HTTPRequest(.head, server.url("/")))
        #expect(response.headers["content-length"] == "1234")
        #expect(body.isEmpty)
    }

    @Test("a body is streamed with its length, without Expect and without chunks")
    func streamedUpload() async throws {
        let digests = Mutex<[Digest]>([])
        let server = try SocketServer { request in
            let isPlain = request.headers["expect"] == nil && request.headers["transfer-encoding"] == nil
            let body = request.readBody()
            digests.withLock { $0.append(Digest(of: body)) }
            request.respond(isPlain ? 201 : 400, body: request.headers["content-length"] ?? "none")
        }
        let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        var request = HTTPRequest(.put, server.url("/blob"), body: .content(InMemoryContent(bytes)))
        request.headers["Content-Type"] = "application/octet-stream"
        let (response, body) = try await client.execute(request)
        #expect(response.status == 201)
        #expect(String(decoding: body, as: UTF8.self) == "5000000")
        #expect(digests.withLock { $0 } == [Digest(of: bytes)])
    }

    @Test("a kept connection that died is replaced and the body sent again from its start")
    func deadConnection() async throws {
        let count = Mutex(0)
        let server = try SocketServer { request in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number == 2 {
                _ = request.readBody()
                request.hangUp()
            } else {
                request.respond(200, body: String(decoding: request.readBody(), as: UTF8.self))
            }
        }
        _ = try await client.execute(HTTPRequest(.get, server.url("/first")))
        let request = HTTPRequest(.put, server.url("/second"), body: .bytes(Array("whole body".utf8)))
        let (_, body) = try await client.execute(request)
        #expect(String(decoding: body, as: UTF8.self) == "whole body")
        #expect(server.requests == ["GET /first", "PUT /second", "PUT /second"])
    }

    @Test("a body that must not be sent twice is not")
    func unrepeatable() async throws {
        let server = try SocketServer { request in
            guard request.method == "PUT" else { return request.respond(200) }
            _ = request.readBody()
            request.hangUp()
        }
        _ = try await client.execute(HTTPRequest(.get, server.url("/first")))
        var request = HTTPRequest(.put, server.url("/second"), body: .bytes(Array("whole body".utf8)))
        request.isRepeatable = false
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(request) }
        #expect(failure.code == .connectionLost)
        #expect(failure.isRetryable)
        #expect(server.requests == ["GET /first", "PUT /second"])
    }

    @Test("content that ends early fails the request instead of stalling it")
    func shortContent() async throws {
        let server = try SocketServer { $0.respond(200) }
        let request = HTTPRequest(.put, server.url("/"), body: .content(ShortContent()))
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(request) }
        #expect(failure.code == .corrupted)
        #expect(failure.message.contains("after 10 of 20 bytes"))
    }

    @Test("a download is handed over piece by piece")
    func download() async throws {
        let text = String(repeating: "0123456789abcdef", count: 200_000)
        let server = try SocketServer { $0.respond(200, body: text) }
        let received = Mutex<[UInt8]>([])
        let request = HTTPRequest(.get, server.url("/blob"))
        let (response, error) = try await client.download(request) { span throws(BuildFailure) in
            received.withLock { bytes in span.withUnsafeBytes { bytes.append(contentsOf: $0) } }
        }
        #expect(response.status == 200)
        #expect(error.isEmpty)
        #expect(received.withLock { Digest(of: $0) } == Digest(of: text))
    }

    @Test("the sink of a download can end it")
    func refusingSink() async throws {
        let server = try SocketServer { $0.respond(200, body: "some bytes") }
        let refusal = BuildFailure(.platform, .limitExceeded, operation: "test", message: "Enough.")
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.download(HTTPRequest(.get, server.url("/"))) { _ throws(BuildFailure) in throw refusal }
        }
        #expect(failure == refusal)
    }

    @Test("a failed download gives the first 64 KiB of the error back")
    func errorBody() async throws {
        let server = try SocketServer { $0.respond(500, body: String(repeating: "e", count: 200_000)) }
        let (response, error) = try await client.download(HTTPRequest(.get, server.url("/"))) {
            _ throws(BuildFailure) in
        }
        #expect(response.status == 500)
        #expect(error.count == 64 << 10)
    }

    @Test("many requests at once share the client")
    func concurrency() async throws {
        let server = try SocketServer { $0.respond(200, body: $0.target) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let (_, body) = try await client.execute(HTTPRequest(.get, server.url("/\(number)")))
                    return String(decoding: body, as: UTF8.self) == "/\(number)"
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(server.requests.count == 60)
    }

    private struct ShortContent: BlobContent {
        let size: Int64 = 20
        func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
            guard offset < 10 else { return 0 }
            buffer.copyBytes(from: [UInt8](repeating: 0x61, count: 10))
            return 10
        }
    }
}
