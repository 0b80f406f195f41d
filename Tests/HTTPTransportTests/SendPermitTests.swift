import BuildModel
import HTTPTransport
import Platform
import Synchronization
import TestSupport
import Testing

@Suite("A request that needs a permit")
struct SendPermitTests {
    private let client = HTTPClient(label: "http.test")

    /// A permit that holds as often as it says, and counts.
    private final class Permit: Sendable {
        static let lost = BuildFailure(.platform, .internal, operation: "test", message: "The permit has run out.")
        private let count = Mutex(0)
        private let limit: Int

        init(holds limit: Int) { self.limit = limit }

        var asked: Int { count.withLock { $0 } }

        func check() throws(BuildFailure) {
            count.withLock { $0 += 1 }
            if asked > limit { throw Self.lost }
        }
    }

    private func execute(_ request: HTTPRequest, _ permit: Permit) async throws -> Int {
        try await SendPermit.holding(permit.check) { try await client.execute(request).0.status }
    }

    private func put(_ server: SocketServer, needsPermit: Bool = true) -> HTTPRequest {
        var request = HTTPRequest(.put, server.url("/tag"), body: .bytes(Array("manifest".utf8)))
        request.needsPermit = needsPermit
        return request
    }

    @Test("is sent with one that holds, or where there is none")
    func held() async throws {
        let server = try SocketServer { $0.respond($0.readBody().count == 8 ? 201 : 400) }
        let permit = Permit(holds: .max)
        #expect(try await execute(put(server), permit) == 201)
        // Before its first bytes and before its last.
        #expect(permit.asked >= 2)
        #expect(try await client.execute(put(server)).0.status == 201)
    }

    @Test("sends nothing once it has run out", arguments: [HTTPRequest.Method.put, .delete])
    func runOut(method: HTTPRequest.Method) async throws {
        let server = try SocketServer { $0.respond(200) }
        var request = put(server)
        request.method = method
        if method == .delete { request.body = .none }
        let failing = request
        let failure = await #expect(throws: BuildFailure.self) { try await execute(failing, Permit(holds: 0)) }
        #expect(failure == Permit.lost)
        #expect(server.requests == [])
        // Others of the task are not concerned.
        #expect(try await execute(put(server, needsPermit: false), Permit(holds: 0)) == 200)
    }

    @Test("stays without its body when it runs out after the head has gone")
    func withoutBody() async throws {
        let received = Mutex<Int?>(nil)
        let server = try SocketServer { request in
            let count = request.readBody().count
            received.withLock { $0 = count }
        }
        let failure = await #expect(throws: BuildFailure.self) { try await execute(put(server), Permit(holds: 1)) }
        #expect(failure == Permit.lost)
        // The server may have seen the head, or nothing at all: never a whole request.
        if !server.requests.isEmpty {
            try await eventually("the server has seen the end") { received.withLock { $0 } != nil }
            #expect(received.withLock { $0 } ?? 0 < 8)
        }
    }
}
