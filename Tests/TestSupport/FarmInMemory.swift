package import BuildModel
internal import Synchronization

/// What a farm remembers, in memory: empty, with one answer to everything, or away.
package final class FarmInMemory: DigestMemory {
    private struct State {
        package var values: [Digest: String] = [:]
        var calls = 0
    }

    private let isAway: Bool
    private let answer: String?
    private let state = Mutex(State())

    package init(isAway: Bool = false, answer: String? = nil) {
        self.isAway = isAway
        self.answer = answer
    }

    package var values: [String] { state.withLock { Array($0.values.values) } }
    package var calls: Int { state.withLock { $0.calls } }

    package func recall(_ key: Digest) throws -> String? {
        try call { state in state.values[key] ?? answer }
    }

    package func remember(_ value: String, for key: Digest) throws { try call { $0.values[key] = value } }

    package func forget(_ key: Digest) throws { try call { $0.values[key] = nil } }

    private func call<Value: Sendable>(_ body: (inout State) -> Value) throws -> Value {
        try state.withLock { state in
            state.calls += 1
            guard !isAway else {
                throw BuildFailure(.platform, .internal, operation: "test", message: "It is away.", isRetryable: true)
            }
            return body(&state)
        }
    }
}
