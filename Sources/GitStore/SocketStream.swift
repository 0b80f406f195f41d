internal import BuildModel
internal import CGit2
internal import Glibc

/// libgit2's connections, made by us: so that they end when a build is cancelled or its time is over, in every version of the
/// library, and say why they could not be made. TLS, HTTP and SSH stay the library's and run on top.
enum SocketStream {
    typealias Pointer = UnsafeMutablePointer<git_stream>

    /// The constructor that is registered with the library.
    static func create(
        _ out: UnsafeMutablePointer<Pointer?>?,
        _ host: UnsafePointer<CChar>?,
        _ port: UnsafePointer<CChar>?
    ) -> Int32 {
        guard let out = unsafe out, let operation = FetchOperation.current,
            let host = unsafe host, let port = unsafe port,
            let memory = unsafe calloc(1, MemoryLayout<slipway_git_stream>.size)
        else { return GIT_ERROR.rawValue }
        guard unsafe operation.mayReach(host: String(cString: host), port: String(cString: port)) else {
            unsafe Glibc.free(memory)
            unsafe git_error_set_str(Int32(GIT_ERROR_NET.rawValue), "the library asked for another host")
            return GIT_ERROR.rawValue
        }
        let stream = unsafe memory.bindMemory(to: slipway_git_stream.self, capacity: 1)
        unsafe stream.pointee.host = strdup(host)
        unsafe stream.pointee.port = strdup(port)
        unsafe stream.pointee.descriptor = -1
        unsafe stream.pointee.operation = Unmanaged.passRetained(operation).toOpaque()
        unsafe setCalls(&stream.pointee.parent)
        unsafe out.pointee = unsafe UnsafeMutableRawPointer(stream).assumingMemoryBound(to: git_stream.self)
        return 0
    }

    private static func setCalls(_ parent: inout git_stream) {
        parent.version = GIT_STREAM_VERSION
        unsafe parent.connect = { unsafe SocketStream.connect($0) }
        unsafe parent.read = { unsafe SocketStream.read($0, $1, $2) }
        unsafe parent.write = { stream, bytes, count, _ in unsafe SocketStream.write(stream, bytes, count) }
        unsafe parent.close = { unsafe SocketStream.close($0) }
        unsafe parent.free = { unsafe SocketStream.free($0) }
    }

    /// Our stream behind the library's pointer to its first member.
    private static func own(_ stream: Pointer?) -> UnsafeMutablePointer<slipway_git_stream>? {
        unsafe stream.map { unsafe UnsafeMutableRawPointer($0).assumingMemoryBound(to: slipway_git_stream.self) }
    }

    private static func operation(_ stream: UnsafeMutablePointer<slipway_git_stream>) -> FetchOperation? {
        unsafe stream.pointee.operation.map {
            unsafe Unmanaged<FetchOperation>.fromOpaque($0).takeUnretainedValue()
        }
    }

    private static func connect(_ stream: Pointer?) -> Int32 {
        guard let stream = unsafe own(stream), let operation = unsafe operation(stream),
            let host = unsafe stream.pointee.host, let port = unsafe stream.pointee.port
        else { return GIT_ERROR.rawValue }
        do {
            unsafe stream.pointee.descriptor = try Connector(operation).connect(
                host: unsafe String(cString: host),
                port: unsafe String(cString: port)
            )
            return 0
        } catch {
            operation.fail(error)
            unsafe git_error_set_str(Int32(GIT_ERROR_NET.rawValue), "cannot connect")
            return GIT_ERROR.rawValue
        }
    }

    private static func read(_ stream: Pointer?, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        let moved = unsafe transfer(stream, events: POLLIN) { unsafe recv($0, buffer, count, 0) }
        guard moved > 0, let operation = unsafe own(stream).flatMap({ unsafe operation($0) }) else { return moved }
        if operation.accepts(bytes: moved) { return moved }
        unsafe git_error_set_str(Int32(GIT_ERROR_NET.rawValue), "the server says too much")
        return -1
    }

    private static func write(_ stream: Pointer?, _ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int {
        unsafe transfer(stream, events: POLLOUT) { unsafe send($0, bytes, count, Int32(MSG_NOSIGNAL)) }
    }

    /// Calls `body` whenever the socket is ready, until it moves bytes or the operation is over.
    private static func transfer(_ stream: Pointer?, events: Int32, _ body: (Int32) -> Int) -> Int {
        guard let stream = unsafe own(stream), let operation = unsafe operation(stream) else { return -1 }
        let descriptor = unsafe stream.pointee.descriptor
        while !operation.isCancelled {
            let moved = body(descriptor)
            if moved >= 0 { return moved }
            guard errno == EAGAIN || errno == EINTR else {
                operation.fail(.unreachable(operation.url, cause: unsafe String(cString: strerror(errno))))
                break
            }
            guard operation.wait(for: descriptor, events: events, limit: operation.settings.idleTimeout) else { break }
        }
        unsafe git_error_set_str(Int32(GIT_ERROR_NET.rawValue), "the connection ended")
        return -1
    }

    private static func close(_ stream: Pointer?) -> Int32 {
        guard let stream = unsafe own(stream), unsafe stream.pointee.descriptor >= 0 else { return 0 }
        unsafe operation(stream)?.close(stream.pointee.descriptor)
        unsafe stream.pointee.descriptor = -1
        return 0
    }

    private static func free(_ stream: Pointer?) {
        guard let own = unsafe own(stream) else { return }
        _ = unsafe close(stream)
        if let operation = unsafe own.pointee.operation {
            unsafe Unmanaged<FetchOperation>.fromOpaque(operation).release()
        }
        unsafe Glibc.free(own.pointee.host)
        unsafe Glibc.free(own.pointee.port)
        unsafe Glibc.free(own)
    }
}
