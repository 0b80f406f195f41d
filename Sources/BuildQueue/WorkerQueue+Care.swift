internal import BuildModel
internal import Platform
internal import RedisTransport
internal import Synchronization

/// What a look after the farm has found to do.
package struct CareReceipt: Sendable, Hashable {
    /// Builds that were taken from workers that are gone.
    package var recovered: Int64
    /// Delayed builds whose time had come.
    package var promoted: Int64
    /// Builds that ended long ago, or before enough others, and were forgotten.
    package var forgotten: Int64 = 0
}

extension QueueSettings {
    fileprivate var limitsOffer: JSONValue {
        let members = limits.map { state, limit in
            let age = limit.age.map { max(1, $0.milliseconds) } ?? 0
            return (state.rawValue, ["age": .integer(age), "count": .integer(Int64(limit.count ?? 0))] as JSONValue)
        }
        var offer = JSONValue.object(Dictionary(uniqueKeysWithValues: members))
        if let farmLogBytes { offer["logBytes"] = .integer(Int64(farmLogBytes)) }
        return offer
    }
}

extension WorkerQueue {
    /// How often `tend` is to be called: two calls after its lease ran out, a build is free.
    package var tendEvery: Duration { min(.milliseconds(1600), settings.lease / 8) }

    /// Looks after the farm: recovers builds whose workers are gone, makes delayed ones ready, forgets old ones. Every worker
    /// does; it does not matter which one comes first.
    ///
    /// - Throws: `BuildFailure`.
    @discardableResult
    package func tend() async throws -> CareReceipt {
        let times = [settings.lease, settings.retention, tendEvery / 2].map { RedisArgument(max(1, $0.milliseconds)) }
        let reply = try await caller.call("tend", times + [RedisArgument(settings.limitsOffer.canonicalText)])
        guard let recovered = reply[0]?.integer, let promoted = reply[1]?.integer else {
            throw FunctionCaller.unexpected(reply, "queue.tend")
        }
        return CareReceipt(recovered: recovered, promoted: promoted, forgotten: reply[2]?.integer ?? 0)
    }

    /// Waits until running builds are cancelled. Only the first to hear of it: whether a build of this worker has to stop,
    /// its next renewal says.
    ///
    /// - Parameter limit: how long to wait at most.
    /// - Returns: ids of builds; empty if nothing happened.
    /// - Throws: `BuildFailure`.
    package func waitForCancels(_ limit: Duration) async throws -> [String] {
        let start: String
        if let position = cancels.value {
            start = position
        } else {
            let last = try await caller.client.send(["XREVRANGE", caller.keys.cancels, "+", "-", "COUNT", "1"])
            start = last[0]?[0]?.text ?? "0-0"
            cancels.move(to: start)
        }
        let words: [RedisArgument] = [
            "XREAD", "COUNT", "100", "BLOCK", RedisArgument(max(1, limit.milliseconds)), "STREAMS",
            caller.keys.cancels, RedisArgument(start),
        ]
        let entries = try await caller.client.sendBlocking(words, waiting: limit)[0]?[1]?.array ?? []
        if let last = entries.last?[0]?.text { cancels.move(to: last) }
        return entries.compactMap { $0[1]?.pairs["deploymentId"]?.text }
    }
}

/// The last entry of the stream of cancelled builds that was read; nil before the first look.
final class CancelMark: Sendable {
    private let last = Mutex(String?.none)

    var value: String? { last.withLock { $0 } }

    func move(to position: String) { last.withLock { $0 = position } }
}
