internal import BuildModel

/// Whose turn it is in a `MemoryQueue`: as turns.lua. Each tenant has a clock that a build that begins moves by a turn, the
/// slower the heavier its weight; the lowest clock comes next.
struct MemoryTurns {
    private static let length: Int64 = 1_000_000

    private var clocks: [String: Int64] = [:]
    private var present: Int64 = 0

    /// A tenant has a build that is ready. One that had none owes nothing for its absence, and is owed nothing.
    mutating func join(_ tenant: String) { clocks[tenant] = max(clocks[tenant] ?? 0, present) }

    /// The build that comes next for a worker; its tenant has had its turn then.
    mutating func pick(from builds: [MemoryBuild], for worker: QueueSettings) -> MemoryBuild? {
        let ready = Dictionary(grouping: builds.filter(\.isReady), by: \.tenant)
        let running = Dictionary(grouping: builds.filter(\.isRunning), by: \.tenant).mapValues(\.count)
        let held = Dictionary(grouping: builds.filter(\.holdsProject).compactMap(\.project)) { $0 }.mapValues(\.count)
        let working = Dictionary(grouping: builds.filter(\.isRunning).compactMap(\.project)) { $0 }.mapValues(\.count)
        for (tenant, clock) in clocks.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
            let isFull = Self.isFull(running[tenant], worker.tenantLimit)
            if !isFull, let build = Self.first(of: ready[tenant] ?? [], held: held, working: working, worker) {
                clocks[tenant] = clock + Self.length / Int64(max(1, worker.tenantWeights[tenant] ?? 1))
                present = max(present, clock)
                return build
            }
            if clock <= present, ready[tenant] == nil { clocks[tenant] = nil }
        }
        // Where nobody waits nobody is owed a turn.
        if ready.isEmpty { clocks = [:] }
        return nil
    }

    /// The first build of a tenant that the worker may run. Once a build of a project was passed over, its newer ones are too.
    private static func first(
        of builds: [MemoryBuild],
        held: [String: Int],
        working: [String: Int],
        _ worker: QueueSettings
    ) -> MemoryBuild? {
        var passed: Set<String> = []
        for build in builds.sorted(by: { $0.rank < $1.rank }) {
            let fits = build.request.labels.allSatisfy { worker.labels[$0.key] == $0.value }
            guard let project = build.project else {
                if fits { return build }
                continue
            }
            // One that comes back is itself what the newer ones of its project wait for, and waits for none of its kind.
            let isOpen = build.holdsProject || !passed.contains(project)
            let others = build.holdsProject ? working[project] : held[project]
            if fits, isOpen, !isFull(others, worker.projectLimit) { return build }
            if worker.projectLimit > 0 { passed.insert(project) }
        }
        return nil
    }

    private static func isFull(_ count: Int?, _ limit: Int) -> Bool { limit > 0 && (count ?? 0) >= limit }
}
