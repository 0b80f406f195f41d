import Platform
import TestSupport

/// A registry of packages whose answers are files of a directory, on loopback.
final class FileRegistry: Sendable {
    private let server: SocketServer

    var port: Int { server.port }
    var url: String { server.url("/") }

    /// - Parameter directory: what is asked for by its path.
    init(_ directory: String) throws {
        server = try SocketServer { request in
            let path = request.target.split(separator: "/").filter { $0 != ".." }.joined(separator: "/")
            guard let bytes = try? Files.read("\(directory)/\(path)") else {
                request.respond(404, ["Connection": "close"])
                return request.hangUp()
            }
            _ = request.readBody()
            // A step's proxy asks for one answer on each connection, and clients go by what the answer says.
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(bytes.count)\r\nConnection: close\r\n\r\n"
            request.send(Array(head.utf8) + bytes)
            request.hangUp()
        }
    }
}
