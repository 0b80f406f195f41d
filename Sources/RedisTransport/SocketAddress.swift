internal import BuildModel
internal import Glibc

/// An error number of a system call, as an error.
struct SystemError: Error {
    var number: Int32
}

/// A socket address in the kernel's own form (sockaddr(3type)), with its family.
struct SocketAddress {
    private var bytes: [UInt8]
    private var family: Int32

    /// The addresses of an endpoint, in the order in which they are to be tried. Blocks while a name is looked up.
    static func resolve(_ endpoint: RedisEndpoint) -> Result<[SocketAddress], BuildFailure> {
        switch endpoint.address {
        case .unix(let path): .success([SocketAddress(path: path)])
        case .tcp(let host, let port): lookUp(host, port, for: endpoint)
        }
    }

    private init(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            unsafe buffer.copyBytes(from: path.utf8.prefix(buffer.count - 1))
        }
        bytes = unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
        family = AF_UNIX
    }

    private init(_ info: addrinfo) {
        bytes = unsafe Array(UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen)))
        family = unsafe info.ai_family
    }

    private static func lookUp(
        _ host: String,
        _ port: Int,
        for endpoint: RedisEndpoint
    ) -> Result<[SocketAddress], BuildFailure> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard status == 0 else {
            let words = unsafe String(cString: gai_strerror(status))
            let reason = "cannot be found: its name does not resolve."
            return .failure(.unreachable(endpoint, operation: "redis.connect", reason: reason, cause: words))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            addresses.append(unsafe SocketAddress(entry.pointee))
            unsafe next = unsafe entry.pointee.ai_next
        }
        return .success(addresses)
    }

    /// Connects a new non-blocking socket; looks every 50 ms whether it should go on.
    func connect(while goesOn: () -> Bool) -> Result<Int32, SystemError> {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { return .failure(SystemError(number: errno)) }
        let status = unsafe bytes.withUnsafeBytes { buffer in
            unsafe Glibc.connect(
                descriptor,
                buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(buffer.count)
            )
        }
        let error = status == 0 ? 0 : errno == EINPROGRESS ? settled(descriptor, while: goesOn) : errno
        guard error == 0 else {
            close(descriptor)
            return .failure(SystemError(number: error))
        }
        if family != AF_UNIX {
            var yes: Int32 = 1
            // Commands are small and wait for their replies: they must not wait for each other's acknowledgements.
            unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        return .success(descriptor)
    }

    /// Waits for a connect in progress; returns its error number, 0 if it succeeded.
    private func settled(_ descriptor: Int32, while goesOn: () -> Bool) -> Int32 {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while goesOn() {
            let count = unsafe poll(&entry, 1, 50)
            if count < 0 && errno != EINTR { return errno }
            guard count > 0 else { continue }
            var error: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 else { return errno }
            return error
        }
        return ETIMEDOUT
    }
}
