internal import BuildModel
internal import CCurl
internal import Dispatch
internal import Glibc
internal import Platform
internal import Synchronization

/// Drives every transfer of a client on one thread: `libcurl-multi(3)`. Connections are pooled by the multi handle.
///
/// `@unchecked Sendable` is sound: `multi` and `active` belong to the loop's thread. Only `curl_multi_wakeup` is called from
/// others, which libcurl allows, and only under the lock by which the loop announces its end before it frees the handle.
@safe
final class EventLoop: @unchecked Sendable {
    private struct Inbox {
        var joining: [Transfer] = []
        var leaving: [Transfer] = []
        /// Those whose body has come on.
        var waking: [Transfer] = []
        var isStopping = false
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        /// What transfers fail with once the loop ends.
        var farewell = BuildFailure.cancelled(operation: "http.request")
    }

    private let multi: UnsafeMutableRawPointer
    private let inbox = Mutex(Inbox())
    private var active: [UnsafeMutableRawPointer: Transfer] = unsafe [:]

    /// Connections that are kept open for later requests.
    private static let keptConnections = 64
    /// The loop sleeps this long when nothing is to do; requests and libcurl's own deadlines wake it.
    private static let idleMilliseconds: Int32 = 3_600_000

    /// Starts the thread.
    ///
    /// - Parameter label: the name shown by debuggers.
    init(label: String) {
        guard EasyHandle.libraryIsReady, let multi = unsafe curl_multi_init() else {
            preconditionFailure("libcurl cannot be started: out of memory or a broken installation")
        }
        unsafe self.multi = multi
        unsafe slipway_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.keptConnections)
        DispatchQueue(label: label).async { self.run() }
    }

    /// Takes a transfer in, or ends it if the loop is stopping.
    func start(_ transfer: Transfer) {
        let refusal: BuildFailure? = inbox.withLock { inbox in
            guard !inbox.isStopping else { return inbox.farewell }
            inbox.joining.append(transfer)
            unsafe curl_multi_wakeup(multi)
            return nil
        }
        if let refusal { transfer.fail(refusal) }
    }

    /// Ends a transfer before its time; harmless when it has ended.
    func cancel(_ transfer: Transfer) {
        transfer.cancelFlag.set()
        inbox.withLock { inbox in
            guard !inbox.hasEnded else { return }
            inbox.leaving.append(transfer)
            unsafe curl_multi_wakeup(multi)
        }
    }

    /// Goes on with a transfer that rests because its body was not ready; harmless when it does not rest.
    func wake(_ transfer: Transfer) {
        inbox.withLock { inbox in
            guard !inbox.hasEnded else { return }
            inbox.waking.append(transfer)
            unsafe curl_multi_wakeup(multi)
        }
    }

    /// Asks the loop to end; transfers that run are cancelled.
    func stop() {
        inbox.withLock { inbox in
            guard !inbox.hasEnded else { return }
            inbox.isStopping = true
            unsafe curl_multi_wakeup(multi)
        }
    }

    /// Returns when the thread is done and all connections are closed.
    func waitUntilEnded() async {
        await withCheckedContinuation { continuation in
            let hasEnded = inbox.withLock { inbox in
                if !inbox.hasEnded { inbox.waiters.append(continuation) }
                return inbox.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}

// MARK: - On the loop's thread

extension EventLoop {
    private func run() {
        // OpenSSL writes without MSG_NOSIGNAL: a peer that went away must not kill the process.
        var before = sigset_t()
        var pipe = sigset_t()
        unsafe sigemptyset(&pipe)
        unsafe sigaddset(&pipe, SIGPIPE)
        unsafe pthread_sigmask(SIG_BLOCK, &pipe, &before)
        while takeOrders() {
            var running: Int32 = 0
            let code = unsafe curl_multi_perform(multi, &running)
            finishEnded()
            let polled = unsafe curl_multi_poll(multi, nil, 0, sleepMilliseconds, nil)
            endRests()
            guard code == CURLM_OK, polled == CURLM_OK else {
                inbox.withLock { $0.farewell = Self.broken(code == CURLM_OK ? polled : code) }
                break
            }
        }
        end()
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    }

    /// Lets transfers join and leave; false when it is time to end.
    private func takeOrders() -> Bool {
        let (joining, leaving, waking, isStopping) = inbox.withLock { inbox in
            defer { (inbox.joining, inbox.leaving, inbox.waking) = ([], [], []) }
            return (inbox.joining, inbox.leaving, inbox.waking, inbox.isStopping)
        }
        for transfer in joining { join(transfer) }
        for transfer in leaving where unsafe active[transfer.handle.raw] != nil {
            leave(transfer)
            transfer.fail(.cancelled(operation: "http.request"))
        }
        for transfer in waking where unsafe active[transfer.handle.raw] === transfer {
            try? transfer.endRest()
            unsafe curl_easy_pause(transfer.handle.raw, CURLPAUSE_SEND_CONT)
        }
        return !isStopping
    }

    private func join(_ transfer: Transfer) {
        guard !transfer.cancelFlag.isSet else { return transfer.fail(.cancelled(operation: "http.request")) }
        unsafe active[transfer.handle.raw] = transfer
        let code = unsafe curl_multi_add_handle(multi, transfer.handle.raw)
        guard code != CURLM_OK else { return }
        leave(transfer)
        transfer.complete(CURLE_FAILED_INIT)
    }

    private func leave(_ transfer: Transfer) {
        unsafe curl_multi_remove_handle(multi, transfer.handle.raw)
        unsafe active[transfer.handle.raw] = nil
    }

    private func finishEnded() {
        var code = CURLE_OK
        while let handle = unsafe slipway_curl_multi_next_ended(multi, &code) {
            guard let transfer = unsafe active[handle] else { continue }
            leave(transfer)
            transfer.complete(code)
        }
    }

    /// As long as nothing is to do: until the first body that rests has rested too long.
    private var sleepMilliseconds: Int32 {
        guard let first = unsafe active.values.lazy.compactMap(\.restsUntil).min() else { return Self.idleMilliseconds }
        let left = ContinuousClock.now.duration(to: first).milliseconds + 1
        return Int32(clamping: min(Int64(Self.idleMilliseconds), max(0, left)))
    }

    /// libcurl does not watch transfers that rest.
    private func endRests() {
        let now = ContinuousClock.now
        let rested = unsafe active.values.filter { $0.restsUntil.map { $0 <= now } ?? false }
        for transfer in rested {
            leave(transfer)
            transfer.fail(transfer.restedTooLong)
        }
    }

    private static func broken(_ code: CURLMcode) -> BuildFailure {
        BuildFailure(
            .platform,
            .internal,
            operation: "http.request",
            message: "libcurl's event loop failed; no request can be sent by this process any more: restart it.",
            cause: unsafe String(cString: curl_multi_strerror(code))
        )
    }

    private func end() {
        let (waiting, waiters, farewell) = inbox.withLock { inbox in
            inbox.isStopping = true
            inbox.hasEnded = true
            defer { (inbox.joining, inbox.leaving, inbox.waking, inbox.waiters) = ([], [], [], []) }
            return (inbox.joining, inbox.waiters, inbox.farewell)
        }
        let running = unsafe Array(active.values)
        for transfer in running { leave(transfer) }
        for transfer in running + waiting { transfer.fail(farewell) }
        unsafe curl_multi_cleanup(multi)
        for waiter in waiters { waiter.resume() }
    }
}
