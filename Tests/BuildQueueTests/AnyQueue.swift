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

    init(
        _ kind: QueueKind,
        lease: Duration = .seconds(600),
        change: (inout QueueSettings) -> Void = { _ in }
    ) async throws {
        var settings = QueueSettings(worker: "w1", lease: lease)
        settings.projectLimit = 1
        change(&settings)
        if kind == .memory {
            let memory = MemoryQueue(settings: settings)
            (self.memory, farm, queue) = (memory, nil, memory)
            return
        }
        let farm = try await Farm(options: kind == .scripts ? Farm.withoutFunctions : [])
        memory = nil
        self.farm = farm
        queue = try WorkerQueue(farm.redis, settings: settings)
    }

    /// Claims as another worker, that has labels.
    func claim(labels: [String: String]) async throws -> Lease? {
        if let farm { return try await farm.worker("labelled") { $0.labels = labels }.claim() }
        var settings = QueueSettings(worker: "labelled")
        settings.labels = labels
        return await memory?.claim(for: settings)
    }

    /// Ids of dead letters.
    func dead() async throws -> [String] {
        if let farm { return try await farm.client.deadBuilds(limit: 10).map(\.deploymentID) }
        return await memory?.deadBuilds().map(\.id) ?? []
    }

    func retry(_ id: String) async throws {
        if let farm { return try await farm.client.retry(id) }
        try await memory?.retry(id)
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

    /// Takes builds one after another, each to its end; their ids.
    func drain(_ count: Int = .max) async throws -> [String] {
        var ids: [String] = []
        while ids.count < count, let lease = try await queue.claim() {
            ids.append(lease.id)
            try await queue.finish(lease, .succeeded(BuildResult()), within: .seconds(5))
        }
        return ids
    }

    /// Looks after the queue until `id` waits again or has ended.
    func recover(_ id: String) async throws {
        try await eventually("build \(id) is taken from its worker") {
            try await queue.tend()
            return try await build(id).state != .building
        }
    }
}
