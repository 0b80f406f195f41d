internal import BuildModel
internal import Glibc
internal import Platform
internal import Synchronization

/// One conversation with a server: what libgit2's callbacks, which run on the fetching thread, share with the task that waits
/// for it and may cancel it from another thread.
final class FetchOperation: Sendable {
    let url: RepositoryURL
    let settings: GitSettings
    let deadline: Deadline
    let log: any BuildLog
    let cancelFlag = CancelFlag()
    private let state = Mutex(State())

    struct State {
        /// The connection's socket while it is open.
        var descriptor: Int32?
        /// Why the conversation ended, told better than the library can.
        var failure: BuildFailure?
        var credentialsTried = 0
        var progress = TransferProgress()
    }

    init(url: RepositoryURL, settings: GitSettings, deadline: Deadline, log: any BuildLog) {
        self.url = url
        self.settings = settings
        self.deadline = deadline
        self.log = log
    }

    var isCancelled: Bool { cancelFlag.isSet }

    /// Ends the conversation from any thread: a thread that waits for the socket wakes up and finds it closed.
    func cancel() {
        cancelFlag.set()
        state.withLock { state in
            if let descriptor = state.descriptor { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Makes a socket one that `cancel` reaches.
    ///
    /// - Returns: false when the operation was cancelled before.
    func attach(_ descriptor: Int32) -> Bool {
        state.withLock { $0.descriptor = descriptor }
        return !isCancelled
    }

    /// Closes the socket, out of the reach of `cancel`.
    func close(_ descriptor: Int32) {
        state.withLock { state in
            if state.descriptor == descriptor { state.descriptor = nil }
            _ = Glibc.close(descriptor)
        }
    }

    /// Keeps the first reason; later ones follow from it.
    func fail(_ failure: BuildFailure) {
        state.withLock { state in
            if state.failure == nil { state.failure = failure }
        }
    }

    var failure: BuildFailure? { state.withLock { $0.failure } }

    /// How many credentials were handed out before this one is.
    func countCredential() -> Int {
        state.withLock { state in
            defer { state.credentialsTried += 1 }
            return state.credentialsTried
        }
    }

    var progress: TransferProgress {
        get { state.withLock { $0.progress } }
        set { state.withLock { $0.progress = newValue } }
    }
}

extension FetchOperation {
    /// Which operation the calling thread runs: libgit2 makes sockets without saying for whom.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let error = unsafe pthread_key_create(&key, nil)
        precondition(error == 0, "no thread-specific key is left")
        return key
    }()

    /// The operation of the calling thread.
    static var current: FetchOperation? {
        guard let pointer = unsafe pthread_getspecific(key) else { return nil }
        return unsafe Unmanaged<FetchOperation>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Runs `body` as this operation on the calling thread.
    func asCurrent<Value>(_ body: () throws -> Value) rethrows -> Value {
        unsafe pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
        defer { pthread_setspecific(Self.key, nil) }
        return try withExtendedLifetime(self, body)
    }
}
