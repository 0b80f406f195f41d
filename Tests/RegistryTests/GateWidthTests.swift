import BuildModel
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Registry

@Suite("How many requests a host gets at once after it asked for patience")
struct GateWidthTests {
    @Test("one, then one more after as many good answers as there was room for", arguments: [true, false])
    func widths(isBulk: Bool) async throws {
        let gates = HostGates()
        let widest = isBulk ? HostGates.bulkWidth : HostGates.widest
        try await expectRoom(widest, in: gates, isBulk: isBulk)
        gates.close("host", for: .zero, first: .milliseconds(1))
        try await expectRoom(1, in: gates, isBulk: isBulk)
        for width in 2...widest {
            for _ in 1..<width { gates.widen("host", isBulk: isBulk) }
            try await expectRoom(width, in: gates, isBulk: isBulk)
        }
        for _ in 0..<50 { gates.widen("host", isBulk: isBulk) }
        try await expectRoom(widest, in: gates, isBulk: isBulk)
        gates.close("host", for: .zero, first: .milliseconds(1))
        try await expectRoom(1, in: gates, isBulk: isBulk)
    }

    @Test("small answers do not widen the way for bulk, and other hosts are as they were")
    func lanes() async throws {
        let gates = HostGates()
        gates.close("host", for: .zero, first: .milliseconds(1))
        try await expectRoom(1, in: gates, isBulk: true)
        for _ in 0..<50 { gates.widen("host", isBulk: false) }
        try await expectRoom(1, in: gates, isBulk: true)
        try await expectRoom(HostGates.widest, in: gates, isBulk: false)
        try await expectRoom(HostGates.bulkWidth, in: gates, isBulk: true, host: "other")
    }

    @Test("hosts are forgotten when all may come in again, and those that are not heard of any more after a while")
    func forgotten() async throws {
        // Long enough for a busy machine to look before it is over.
        let gates = HostGates(memory: .seconds(3))
        gates.close("host", for: .zero, first: .milliseconds(1))
        try await eventually("its gate is open") {
            gates.widen("host", isBulk: false)
            gates.widen("host", isBulk: true)
            return gates.count == 0
        }
        try await expectRoom(HostGates.widest, in: gates, isBulk: false)
        for number in 0..<50 { gates.close("other-\(number)", for: .zero, first: .milliseconds(1)) }
        try await expectRoom(1, in: gates, isBulk: false, host: "other-7")
        try await Task.sleep(for: .seconds(4))
        gates.close("host", for: .zero, first: .milliseconds(1))
        #expect(gates.count == 1)
        try await expectRoom(HostGates.widest, in: gates, isBulk: false, host: "other-7")
    }

    @Test("what a host asked of one client of the process holds for all of them")
    func sharedHosts() async throws {
        let registry = try FakeRegistry()
        let hosts = SharedHosts()
        let start = ContinuousClock.now
        hosts.gates.close(registry.host, for: .seconds(2), first: .milliseconds(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<2 {
                let settings = StrictFixture.settings()
                let client = RegistryClient(settings: settings, http: StrictFixture().http, hosts: hosts)
                let reference = ImageReference(registry: registry.host, repository: "app\(number)")
                group.addTask {
                    _ = try await client.holdsBlob(TestImage.descriptor([1], MediaType.ociLayerGzip), in: reference)
                    #expect(start.duration(to: .now) >= .seconds(2))
                }
            }
            try await group.waitForAll()
        }
        #expect(registry.requests.count == 2)
    }

    @Test("a push whose first bodies are refused with 429 goes on with one body at a time")
    func push() async throws {
        let counts = Mutex((number: 0, inside: 0, done: 0))
        let seen = Mutex<[(inside: Int, done: Int)]>([])
        let registry = try FakeRegistry { request, _ in
            guard request.method == "PUT", request.target.hasPrefix("/upload/") else { return false }
            let number = counts.withLock { counts in
                (counts.number, counts.inside) = (counts.number + 1, counts.inside + 1)
                return counts.number
            }
            guard number > HostGates.bulkWidth else {
                // Before the answer: what comes after it must not meet this one.
                counts.withLock { $0.inside -= 1 }
                request.respond(429, body: #"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#)
                return true
            }
            defer { counts.withLock { $0.inside -= 1 } }
            usleep(50_000)
            let now = counts.withLock { ($0.inside, $0.done) }
            seen.withLock { $0.append(now) }
            counts.withLock { $0.done += 1 }
            return false
        }
        let client = RegistryClient(settings: StrictFixture.settings(), http: StrictFixture().http)
        let image = StrictFixture.image((0..<6).map { _ in StrictFixture.blob(10_000) })
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        _ = try await client.push(image, to: target, confirm: {}, log: CollectedLog())
        let room = [1, 2, 2, 3, 3, 3, 4]
        let all = seen.withLock { $0 }
        #expect(all.count == 7 && all.allSatisfy { $0.inside <= room[min($0.done, 6)] }, "\(all)")
    }

    /// So many of eight that want to come in do, and no more until one of them leaves.
    private func expectRoom(_ width: Int, in gates: HostGates, isBulk: Bool, host: String = "host") async throws {
        let room = Room()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { try await gates.pass(host, isBulk: isBulk) { try await room.stay() } }
            }
            try await eventually("\(width) are inside") { room.inside.withLock { $0 } >= width }
            try await Task.sleep(for: .milliseconds(150))
            #expect(room.inside.withLock { $0 } == width)
            room.isOver.withLock { $0 = true }
            try await group.waitForAll()
        }
    }
}

/// Whoever comes in stays until it is over.
private final class Room: Sendable {
    let inside = Mutex(0)
    let isOver = Mutex(false)

    func stay() async throws {
        inside.withLock { $0 += 1 }
        while !isOver.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
    }
}
