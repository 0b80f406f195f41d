internal import BuildModel
internal import CGit2

/// How much of a pack has come, and when the user was last told.
struct TransferProgress: Sendable {
    var totalObjects = 0
    var receivedObjects = 0
    var receivedBytes: Int64 = 0
    /// Bytes that came before the first object was announced.
    var preambleBytes: Int64 = 0
    private var lastTold = ContinuousClock.now

    /// Takes over the library's counters.
    mutating func update(_ stats: git_indexer_progress) {
        totalObjects = Int(stats.total_objects)
        receivedObjects = Int(stats.received_objects)
        receivedBytes = Int64(clamping: stats.received_bytes)
    }

    /// A line for the log every few seconds, for transfers that take long.
    mutating func lineIfDue() -> String? {
        let now = ContinuousClock.now
        guard now - lastTold > .seconds(3), totalObjects > 0 else { return nil }
        lastTold = now
        return "Receiving objects: \(receivedObjects * 100 / totalObjects) % (\(Self.size(receivedBytes)))."
    }

    /// Bytes for people.
    static func size(_ bytes: Int64) -> String {
        switch bytes {
        case ..<1024: "\(bytes) B"
        case ..<(1 << 20): "\(bytes / 1024) KiB"
        default: "\(bytes >> 20).\((bytes & 0xfffff) * 10 >> 20) MiB"
        }
    }
}

extension FetchOperation {
    /// Called by the library while a pack comes in.
    ///
    /// - Returns: false when the transfer has to end; the reason is kept.
    func accepts(_ stats: git_indexer_progress) -> Bool {
        guard !isCancelled else { return false }
        let (progress, line) = update(stats)
        if let line { log.say(line, .cloning) }
        guard progress.totalObjects <= settings.maximumObjects else {
            fail(tooLarge("\(progress.totalObjects) objects; at most \(settings.maximumObjects) are fetched"))
            return false
        }
        guard progress.receivedBytes <= settings.maximumBytes else {
            fail(tooLarge("more than the \(TransferProgress.size(settings.maximumBytes)) that are fetched at most"))
            return false
        }
        return true
    }

    private func update(_ stats: git_indexer_progress) -> (TransferProgress, String?) {
        var current = progress
        current.update(stats)
        let line = current.lineIfDue()
        progress = current
        return (current, line)
    }

    /// Called with every piece that comes from the server.
    ///
    /// - Returns: false when it has sent too much that is no object; the reason is kept.
    func accepts(bytes count: Int) -> Bool {
        var current = progress
        guard current.totalObjects == 0 else { return true }
        current.preambleBytes += Int64(count)
        progress = current
        guard current.preambleBytes > settings.maximumPreamble else { return true }
        let limit = TransferProgress.size(settings.maximumPreamble)
        fail(tooLarge("more than \(limit) of names of branches and tags"))
        return false
    }

    /// Keeps the reason why the library failed, if it was refused memory.
    func noteMemory() {
        guard MemoryBudget.isExceeded else { return }
        let limit = TransferProgress.size(Int64(settings.maximumMemory))
        fail(tooLarge("objects that take more than \(limit) of memory to unpack"))
    }

    private func tooLarge(_ what: String) -> BuildFailure {
        .source(.limitExceeded, "\(url.display) has \(what). Make it smaller, or ask the operator to raise the limit.")
    }
}
