import BuildModel
import TestSupport
import Testing

@testable import BuildQueue

/// Bounds are wide: they hold back what costs several times as much, such as a stream's first block for every build.
@Suite("What a build takes of Redis' memory")
struct FootprintTests {
    private static let count = 500

    private func used(_ farm: Farm) async throws -> Int {
        let lines = try await farm.server.cli("INFO", "memory")
        func number(_ name: String) -> Int {
            lines.first { $0.hasPrefix(name + ":") }.flatMap { Int($0.dropFirst(name.count + 1)) } ?? 0
        }
        return number("used_memory") - number("mem_clients_normal") - number("mem_aof_buffer")
    }

    @Test("is small while it waits, and little more while it runs")
    func waitingAndRunning() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.projectLimit = 0 }
        _ = try await worker.claim()
        let empty = try await used(farm)
        for number in 0..<Self.count { _ = try await farm.client.enqueue(Farm.request("d\(number)")) }
        let waiting = (try await used(farm) - empty) / Self.count
        #expect(waiting < 3500, "a build that waits takes \(waiting) bytes")
        for _ in 0..<Self.count { #expect(try await worker.claim() != nil) }
        let running = (try await used(farm) - empty) / Self.count
        #expect(running < 5500, "a build that runs takes \(running) bytes")
    }

    @Test("comes back when builds are forgotten")
    func forgotten() async throws {
        let farm = try await Farm()
        let worker = try farm.worker {
            $0.projectLimit = 0
            $0.limits = [.success: StateLimit(count: 1)]
        }
        for number in 0..<Self.count {
            _ = try await farm.client.enqueue(Farm.request("d\(number)"))
            let lease = try #require(try await worker.claim())
            try await worker.appendLog(lease, from: 1, lines("one"))
            try await worker.finish(lease, .succeeded(BuildResult()))
        }
        let before = try await farm.server.cli("DBSIZE").first.flatMap { Int($0) } ?? 0
        #expect(before > Self.count * 3)
        try await eventually("all but one are forgotten") {
            try await worker.tend()
            return try await farm.server.cli("ZCARD", "slipway:{farm}:builds") == ["1"]
        }
        let after = try await farm.server.cli("DBSIZE").first.flatMap { Int($0) } ?? 0
        #expect(after < before - (Self.count - 1) * 3 + 1)
    }
}
