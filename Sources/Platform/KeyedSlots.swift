internal import BuildModel
internal import Synchronization

/// So many at once for each key, the others wait in order: one that asks for a token, a few that send bulk to a host.
package final class KeyedSlots<Key: Hashable & Sendable>: Sendable {
    private struct Line {
        var inside = 0
        var waiting: [(id: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
    }

    private struct State {
        var lines: [Key: Line] = [:]
        /// Of keys that differ from the others.
        var widths: [Key: Int] = [:]
        var lastID: UInt64 = 0
    }

    private let width: Int
    private let operation: String
    private let state = Mutex(State())

    /// - Parameters:
    ///   - width: how many may be inside for one key.
    ///   - operation: of the failure of who is cancelled while it waits.
    package init(width: Int, operation: String = "wait") {
        self.width = width
        self.operation = operation
    }

    /// Runs `body` when there is room.
    ///
    /// - Throws: `BuildFailure` with code `cancelled` if the task is cancelled while it waits, or what `body` throws.
    package func withSlot<Value: Sendable>(_ key: Key, _ body: () async throws -> Value) async throws -> Value {
        guard await enter(key) else { throw BuildFailure.cancelled(operation: operation) }
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: Key) async -> Bool {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    var line = state.lines[key] ?? Line()
                    defer { state.lines[key] = line }
                    guard line.inside >= state.widths[key] ?? width else {
                        line.inside += 1
                        return true
                    }
                    line.waiting.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            giveUp(id, key)
        }
    }

    /// Whether more are inside for a key than may be since that was changed.
    package func isOverfull(_ key: Key) -> Bool {
        state.withLock { $0.lines[key]?.inside ?? 0 > $0.widths[key] ?? width }
    }

    /// Changes how many may be inside for one key. Those who are inside stay.
    package func setWidth(_ width: Int, for key: Key) {
        let admitted = state.withLock { state in
            state.widths[key] = width == self.width ? nil : width
            var admitted: [CheckedContinuation<Bool, Never>] = []
            while let next = admit(key, &state) { admitted.append(next) }
            return admitted
        }
        for continuation in admitted { continuation.resume(returning: true) }
    }

    private func giveUp(_ id: UInt64, _ key: Key) {
        let continuation = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard let index = state.lines[key]?.waiting.firstIndex(where: { $0.id == id }) else { return nil }
            return state.lines[key]?.waiting.remove(at: index).continuation
        }
        continuation?.resume(returning: false)
    }

    private func leave(_ key: Key) {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            state.lines[key]?.inside -= 1
            let next = admit(key, &state)
            if state.lines[key]?.inside == 0 { state.lines[key] = nil }
            return next
        }
        next?.resume(returning: true)
    }

    private func admit(_ key: Key, _ state: inout State) -> CheckedContinuation<Bool, Never>? {
        guard var line = state.lines[key], line.inside < state.widths[key] ?? width, !line.waiting.isEmpty else {
            return nil
        }
        line.inside += 1
        let next = line.waiting.removeFirst().continuation
        state.lines[key] = line
        return next
    }
}
