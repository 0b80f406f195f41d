internal import CSandbox
internal import Dispatch
internal import Glibc
internal import Platform
internal import Synchronization

/// A non-blocking socket that is waited for without a thread. Whoever wants to interrupt a wait shuts it down.
final class AsyncSocket: Sendable {
    /// What ended a read or write.
    struct Closed: Error {
        var error: Int32
    }

    let descriptor: Int32
    private static let queue = DispatchQueue(label: "sandbox.sockets")

    /// Takes over the descriptor.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Lets everything that waits for the socket find it closed; harmless when repeated.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Tells the other side that nothing more comes.
    func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next bytes, at most 64 KiB; empty at the end.
    func read() async throws -> [UInt8] {
        while true {
            var error: Int32 = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
                let length = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                error = length < 0 ? errno : 0
                count = max(0, length)
            }
            guard error != 0 else { return bytes }
            guard error == EAGAIN || error == EINTR else { throw Closed(error: error) }
            await waitUntilReadable()
        }
    }

    func write(_ bytes: [UInt8]) async throws {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe send(
                    descriptor,
                    buffer.baseAddress?.advanced(by: written),
                    buffer.count - written,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                await waitUntilWritable()
            } else if errno != EINTR {
                throw Closed(error: errno)
            }
        }
    }

    /// The next connection of a listening socket; nil when it was shut down.
    func accept() async -> AsyncSocket? {
        while true {
            let accepted = slipway_accept(descriptor)
            if accepted >= 0 { return AsyncSocket(accepted) }
            switch -accepted {
            case EAGAIN: await waitUntilReadable()
            // The connection was gone before it was accepted, or descriptors are short for a moment.
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: try? await Task.sleep(for: .milliseconds(50))
            default: return nil
            }
            if Task.isCancelled { return nil }
        }
    }

    /// - Throws: `Closed` with the reason.
    static func connect(_ address: NetworkAddress) async throws -> AsyncSocket {
        let descriptor = unsafe address.bytes.withUnsafeBytes {
            unsafe slipway_connect($0.baseAddress, UInt32($0.count))
        }
        guard descriptor >= 0 else { throw Closed(error: -descriptor) }
        let socket = AsyncSocket(descriptor)
        await withTaskCancellationHandler {
            await socket.waitUntilWritable()
        } onCancel: {
            socket.shutDown()
        }
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0, error == 0 else {
            throw Closed(error: error)
        }
        return socket
    }

    private func waitUntilReadable() async {
        await Self.wait(DescriptorEvents(descriptor, .reading, queue: Self.queue))
    }

    private func waitUntilWritable() async {
        await Self.wait(DescriptorEvents(descriptor, .writing, queue: Self.queue))
    }

    /// One event. It returns when nothing looks at the descriptor any more, which may then be closed.
    private static func wait(_ events: DescriptorEvents) async {
        await withCheckedContinuation { continuation in
            events.setHandlers(ready: { events.cancel() }, released: { continuation.resume() })
            events.resume()
        }
    }
}
