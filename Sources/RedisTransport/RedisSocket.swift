internal import BuildModel
internal import Dispatch
internal import Glibc
internal import Platform

/// What one look at a socket brought.
enum SocketRead {
    case bytes(ArraySlice<UInt8>)
    case nothingYet
    case closed
    case failed(Int32)
}

/// A non-blocking socket with events for its two directions. Confined to the queue that it was made with.
final class RedisSocket {
    private let descriptor: OwnedDescriptor
    private let reading: DescriptorEvents
    private let writing: DescriptorEvents
    private var awaitsWriting = false
    private var isOpen = true
    private var buffer = [UInt8](repeating: 0, count: 65536)

    /// Takes over `descriptor`; the handlers run on `queue` until `close()`.
    init(
        _ descriptor: Int32,
        queue: DispatchQueue,
        readable: @escaping @Sendable () -> Void,
        writable: @escaping @Sendable () -> Void
    ) {
        let owned = OwnedDescriptor(descriptor)
        self.descriptor = owned
        reading = DescriptorEvents(descriptor, .reading, queue: queue)
        writing = DescriptorEvents(descriptor, .writing, queue: queue)
        // The number must not be reused before both have let go of it.
        reading.setHandlers(ready: readable, released: { withExtendedLifetime(owned) {} })
        writing.setHandlers(ready: writable, released: { withExtendedLifetime(owned) {} })
        reading.resume()
    }

    deinit { close() }

    /// Reads what is there, at most 64 KiB.
    func read() -> SocketRead {
        guard isOpen else { return .closed }
        let count = unsafe Glibc.read(descriptor.number, &buffer, buffer.count)
        if count > 0 { return .bytes(buffer[0..<count]) }
        if count == 0 { return .closed }
        return errno == EAGAIN || errno == EINTR ? .nothingYet : .failed(errno)
    }

    /// Writes the front of `bytes`; returns how many went out, or the error.
    func write(_ bytes: ArraySlice<UInt8>) -> Result<Int, SystemError> {
        guard isOpen else { return .failure(SystemError(number: EPIPE)) }
        let count = unsafe bytes.withUnsafeBytes { buffer in
            unsafe send(descriptor.number, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
        }
        if count >= 0 { return .success(count) }
        return errno == EAGAIN || errno == EINTR ? .success(0) : .failure(SystemError(number: errno))
    }

    /// Whether the `writable` handler should run when the socket takes bytes again.
    func awaitWriting(_ wanted: Bool) {
        guard isOpen, wanted != awaitsWriting else { return }
        awaitsWriting = wanted
        if wanted { writing.resume() } else { writing.suspend() }
    }

    /// Ends both directions at once; the descriptor is released when no event is under way. Harmless when repeated.
    func close() {
        guard isOpen else { return }
        isOpen = false
        shutdown(descriptor.number, Int32(SHUT_RDWR))
        reading.cancel()
        writing.cancel()
        // A suspended source never runs its cancel handler.
        if !awaitsWriting { writing.resume() }
    }
}

/// A descriptor that is closed with its last reference.
private final class OwnedDescriptor: Sendable {
    let number: Int32

    init(_ number: Int32) {
        self.number = number
    }

    deinit { close(number) }
}
