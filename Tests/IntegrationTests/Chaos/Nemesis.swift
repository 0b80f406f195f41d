import Glibc
import TestSupport

/// What breaks a farm on purpose: one thing after another, the same for the same seed.
struct Nemesis {
    private(set) var counts: [String: Int] = [:]
    private var random: SplitMix64
    private let pool: WorkerPool

    init(seed: UInt64, pool: WorkerPool) {
        random = SplitMix64(state: seed)
        self.pool = pool
    }

    /// Does harm until the deadline, and leaves the farm whole: Redis up, every worker running.
    mutating func rage(until deadline: ContinuousClock.Instant) async throws {
        while ContinuousClock.now < deadline {
            try await pool.fill()
            try await Task.sleep(for: .milliseconds(Int64.random(in: 500...2500, using: &random)))
            try await strike()
        }
        try await pool.fill()
    }

    private mutating func strike() async throws {
        let victim = Int.random(in: 0..<pool.count, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
            count("kills")
            pool.signal(victim, SIGKILL)
        case 4..<7:
            count("pauses")
            pool.signal(victim, SIGSTOP)
            // As short as a hiccup or longer than a lease.
            try await Task.sleep(for: .milliseconds(Int64.random(in: 500...9000, using: &random)))
            pool.signal(victim, SIGCONT)
        case 7:
            count("restarts of Redis")
            try await pool.farm.redis.kill()
            try await Task.sleep(for: .milliseconds(Int64.random(in: 0...3000, using: &random)))
            try await pool.farm.redis.start()
        case 8:
            count("pauses of Redis")
            pool.farm.redis.suspend()
            try await Task.sleep(for: .milliseconds(Int64.random(in: 500...6000, using: &random)))
            pool.farm.redis.resume()
        default:
            count("cut connections")
            _ = try await pool.farm.redis.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        }
    }

    private mutating func count(_ name: String) { counts[name, default: 0] += 1 }
}

/// Numbers that look random and are the same for the same seed (Steele, Lea, Flood: SplitMix64).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
