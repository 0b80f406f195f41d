import Glibc
import Platform
import TestSupport

/// What breaks a farm on purpose: one thing after another, the same for the same seed.
struct Nemesis {
    private(set) var counts: [String: Int] = [:]
    /// While primaries changed, in milliseconds since 1970.
    private(set) var failovers: [ClosedRange<Int64>] = []
    private var random: SeededGenerator
    private let pool: WorkerPool
    private let sentinels: RedisSentinels

    init(seed: UInt64, pool: WorkerPool, sentinels: RedisSentinels) {
        random = SeededGenerator(seed: seed)
        self.pool = pool
        self.sentinels = sentinels
    }

    /// Does harm until the deadline, and leaves the farm whole: Redis up, every worker running.
    mutating func rage(until deadline: ContinuousClock.Instant) async throws {
        var turn = 0
        while ContinuousClock.now < deadline {
            try await pool.fill()
            try await Task.sleep(for: .milliseconds(Int64.random(in: 300...1500, using: &random)))
            // Each kind of harm once, so that a short run has them all; then as chance will have it.
            try await strike(turn < 6 ? [0, 4, 7, 9, 10, 11][turn] : Int.random(in: 0..<12, using: &random))
            turn += 1
        }
        try await pool.fill()
    }

    private mutating func strike(_ kind: Int) async throws {
        let victim = Int.random(in: 0..<pool.count, using: &random)
        switch kind {
        case 0..<4:
            count("kills")
            pool.signal(victim, SIGKILL)
        case 4..<7:
            count("stops")
            pool.signal(victim, SIGSTOP)
            // As short as a hiccup or longer than a lease.
            try await Task.sleep(for: .milliseconds(Int64.random(in: 500...9000, using: &random)))
            pool.signal(victim, SIGCONT)
        case 7:
            count("restarts of Redis")
            let length = Int64.random(in: 0...3000, using: &random)
            try await disturb { primary in
                try await primary.kill()
                try await Task.sleep(for: .milliseconds(length))
                try await primary.start()
            }
        case 8:
            count("pauses of Redis")
            let length = Int64.random(in: 500...6000, using: &random)
            try await disturb { primary in
                primary.suspend()
                try await Task.sleep(for: .milliseconds(length))
                primary.resume()
            }
        case 9:
            count("cut connections")
            _ = try await sentinels.primary().cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        case 10:
            count("failovers")
            try await disturb { [sentinels] _ in try await sentinels.failOver() }
        default:
            count("full disks")
            pool.fillDisk(true)
            try await Task.sleep(for: .milliseconds(Int64.random(in: 2000...6000, using: &random)))
            pool.fillDisk(false)
        }
    }

    /// Does something to the primary, and waits until there is one with a replica again.
    private mutating func disturb(_ body: (RedisServer) async throws -> Void) async throws {
        let before = try await sentinels.primary()
        let began = SystemInformation.currentMilliseconds
        try await body(before)
        try await eventually("a primary has a replica again", within: .seconds(240)) {
            guard let primary = try? await sentinels.primary() else { return false }
            let facts = (try? await primary.cli("INFO", "replication")) ?? []
            return facts.contains("role:master") && facts.contains { $0.contains("state=online") }
        }
        guard try await sentinels.primary() !== before else { return }
        failovers.append(began...max(began, SystemInformation.currentMilliseconds))
        count("changes of the primary")
    }

    private mutating func count(_ name: String) { counts[name, default: 0] += 1 }
}
