import BuildModel
import Synchronization
import TestSupport

/// The least registry that takes a push, with a test's own answers put before its own: for what a real one does not do on demand.
final class FakeRegistry: Sendable {
    private let stored = Mutex<Set<String>>([])
    private let counts = Mutex<[String: Int]>([:])
    private let server = Mutex<SocketServer?>(nil)

    /// - Parameter special: answers a request itself and returns true, or returns false to leave it. The number counts requests
    ///   of the same method and path from 1.
    init(_ special: @escaping @Sendable (ServedRequest, Int) -> Bool = { _, _ in false }) throws {
        let server = try SocketServer { [weak self] request in
            guard let self else { return request.hangUp() }
            let number = self.count(request)
            if !special(request, number) { self.answer(request) }
        }
        self.server.withLock { $0 = server }
    }

    var host: String { "127.0.0.1:\(server.withLock { $0?.port } ?? 0)" }
    var requests: [String] { server.withLock { $0?.requests } ?? [] }

    private func count(_ request: ServedRequest) -> Int {
        let key = "\(request.method) \(request.target.prefix { $0 != "?" })"
        return counts.withLock { counts in
            counts[key, default: 0] += 1
            return counts[key, default: 0]
        }
    }

    private func answer(_ request: ServedRequest) {
        let path = String(request.target.prefix { $0 != "?" })
        switch request.method {
        case "HEAD": request.respond(stored.withLock { $0.contains(path) } ? 200 : 404)
        case "POST": request.respond(202, ["Location": "/upload/session?state=a%2Fb"])
        case "PUT" where path == "/upload/session":
            _ = request.readBody()
            let digest = request.target.split(separator: "=").last.map { $0.replacing("%3A", with: ":") } ?? ""
            stored.withLock { _ = $0.insert("/v2/app/blobs/\(digest)") }
            request.respond(201)
        case "PUT":
            stored.withLock { _ = $0.insert(path) }
            request.respond(201)
        default: request.respond(404)
        }
    }
}
