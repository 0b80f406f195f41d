import Glibc
import Platform
import TestSupport
import Testing

@Suite("The service notifier")
struct ServiceNotifierTests {
    @Test("sends what systemd reads to the socket it was given")
    func messages() async throws {
        let scratch = try Scratch()
        let descriptor = try listen(at: scratch("notify"))
        defer { close(descriptor) }
        let notifier = ServiceNotifier(socketPath: scratch("notify"))
        notifier.ready(status: "2 slots free")
        notifier.extendTimeout(by: .seconds(2))
        #expect(receive(descriptor) == "READY=1\nSTATUS=2 slots free")
        #expect(receive(descriptor) == "EXTEND_TIMEOUT_USEC=2000000")
    }

    private func listen(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw CommandFailed(description: "cannot bind: errno \(errno)") }
        return descriptor
    }

    private func receive(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
