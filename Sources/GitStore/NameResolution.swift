internal import BuildModel
internal import Dispatch
internal import Glibc
internal import Platform
internal import Synchronization

/// An address that the resolver gave.
struct SocketAddress: Sendable {
    var family: Int32
    /// A `sockaddr` of the family.
    var bytes: [UInt8]

    /// Lends the address to a system call.
    func withPointer<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value? {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return nil }
            return unsafe body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(buffer.count))
        }
    }
}

/// Asks the system's resolver without being held up by it: `getaddrinfo` can neither be cancelled nor given a limit, so it runs
/// on a thread that is left to itself when nobody waits for it any more.
struct NameResolution {
    private let operation: FetchOperation

    init(_ operation: FetchOperation) {
        self.operation = operation
    }

    private final class Answer: Sendable {
        let value = Mutex<Result<[SocketAddress], ResolverError>?>(nil)
        let isThere = DispatchSemaphore(value: 0)
    }

    struct ResolverError: Error {
        var words: String
    }

    /// The addresses of a host, in the order to try them.
    ///
    /// - Throws: `BuildFailure` with code `unreachable` or `cancelled`.
    func addresses(of host: String, port: String) throws(BuildFailure) -> [SocketAddress] {
        let answer = Answer()
        DispatchQueue(label: "git.resolve").async {
            let result = Self.ask(host: host, port: port)
            answer.value.withLock { $0 = result }
            answer.isThere.signal()
        }
        while answer.isThere.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
            guard !operation.isCancelled else { throw .cancelled(operation: "git.fetch") }
            guard !operation.deadline.hasPassed else {
                throw .fetchTimedOut(operation.url, operation.settings.timeout)
            }
        }
        switch answer.value.withLock({ $0 }) {
        case .success(let addresses): return addresses
        case .failure(let error): throw .unreachable(operation.url, cause: error.words)
        case nil: throw .unreachable(operation.url, cause: "no answer")
        }
    }

    private static func ask(host: String, port: String) -> Result<[SocketAddress], ResolverError> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let error = unsafe getaddrinfo(host, port, &hints, &list)
        guard error == 0 else {
            return .failure(ResolverError(words: unsafe String(cString: gai_strerror(error))))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            let raw = unsafe UnsafeRawBufferPointer(
                start: entry.pointee.ai_addr,
                count: Int(entry.pointee.ai_addrlen)
            )
            unsafe addresses.append(SocketAddress(family: entry.pointee.ai_family, bytes: Array(raw)))
            unsafe next = entry.pointee.ai_next
        }
        return .success(addresses)
    }
}
