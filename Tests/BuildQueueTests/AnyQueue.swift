import BuildModel
import Documents
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

/// The places that a queue may be kept in.
enum QueueKind: String, Sendable, CaseIterable, CustomTestStringConvertible {
    /// In the memory of the process.
    case memory
    /// In Redis, by its functions.
    case functions
    /// In a Redis that forbids `FUNCTION`, by scripts.
    case scripts

    var testDescription: String { rawValue }
}

/// What is known of a build, whoever keeps it.
struct KnownBuild: Sendable, Equatable {
    var state: BuildState
    var attempt: Int
    var code: String?
}

/// A queue of any kind, as producers and workers use it.
struct AnyQueue: Sendable {
    private let memory: MemoryQueue?
    private let farm: Farm?
    let queue: any LeasedQueue

    init(_ kind: QueueKind, lease: Duration = .seconds(30)) async throws {
        if kind == .memory {
            let memory = MemoryQueue(lease: lease)
            (self.memory, farm, queue) = (memory, nil, memory)
            return
        }
        let farm = try await Farm(options: kind == .scripts ? Farm.withoutFunctions : [])
        memory = nil
        self.farm = farm
        queue = try farm.worker {
            $0.lease = lease
            $0.projectLimit = 1
        }
    }

    func enqueue(_ id: String, _ more: String = "") async throws -> EnqueueReceipt {
        let text = Farm.request(id, more)
        if let farm { return try await farm.client.enqueue(text) }
        return await memory?.enqueue(try BuildRequest(json: try JSONDocument.parse(text)), text: text)
            ?? EnqueueReceipt(id: id, isNew: false, state: .failed)
    }

    func cancel(_ id: String) async throws -> BuildState {
        if let farm { return try await farm.client.cancel(id) }
        return try await memory?.cancel(id) ?? .failed
    }

    func build(_ id: String) async throws -> KnownBuild {
        if let farm {
            let status = try await farm.status(id)
            return KnownBuild(state: status.state, attempt: status.attempt, code: status.failure?.code)
        }
        let build = await memory?.build(id)
        return KnownBuild(
            state: build?.state ?? .failed,
            attempt: build?.attempt ?? 0,
            code: build?.failure?.code.rawValue
        )
    }

    /// Claims, and insists.
    func claim() async throws -> Lease {
        guard let lease = try await queue.claim() else { throw NothingClaimed() }
        return lease
    }

    /// Looks after the queue until `id` waits again or has ended.
    func recover(_ id: String) async throws {
        try await eventually("build \(id) is taken from its worker", within: .seconds(20)) {
            try await queue.tend()
            return try await build(id).state != .building
        }
    }
}
