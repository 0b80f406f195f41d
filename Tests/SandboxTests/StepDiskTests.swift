import BuildModel
import Platform
import TestSupport
import Testing

@testable import Sandbox

@Suite("Disks that are made ahead")
struct StepDiskTests {
    private let bytes: Int64 = 8 << 20

    @Test("the next one is made while nobody waits, and taken once")
    func spare() async throws {
        let scratch = try Scratch()
        let disks = StepDisks(directory: scratch("disks"))
        await disks.prepare(bytes: bytes)
        try await eventually("one is there") { disks.hasSpare(bytes: bytes) }
        let first = try await disks.take(bytes: bytes)
        #expect(!disks.hasSpare(bytes: bytes))
        let second = try await disks.take(bytes: bytes)
        #expect(first.descriptor != second.descriptor)
    }

    @Test("whoever comes while one is made gets that one, and none is made besides")
    func awaited() async throws {
        let scratch = try Scratch()
        let disks = StepDisks(directory: scratch("disks"))
        await disks.prepare(bytes: bytes)
        _ = try await disks.take(bytes: bytes)
        try await Task.sleep(for: .milliseconds(300))
        #expect(!disks.hasSpare(bytes: bytes))
    }

    @Test("the next step's is made once a step has run for a while, or has ended", arguments: [true, false])
    func whenMade(isLong: Bool) async throws {
        let sandbox = try TestSandbox()
        try Directories.create(sandbox.scratch("cache"))
        var step = try sandbox.step("echo begun; while [ ! -e /cache/go ]; do sleep 0.05; done") {
            $0.limits.diskBytes = bytes
        }
        step.caches = [StepCache(CacheMount(name: "x", path: "/cache"), directory: sandbox.scratch("cache"))]
        var runner = sandbox.runner
        runner.pauseBeforeNextDisk = isLong ? .milliseconds(1) : .seconds(3600)
        let disks = runner.disks
        let running = Task { [runner] in try await runner.run(step, log: sandbox.log) }
        try await eventually("it runs") { sandbox.log.texts.contains("step: begun") }
        if isLong {
            try await eventually("it is made meanwhile") { disks.hasSpare(bytes: bytes) }
        } else {
            try await Task.sleep(for: .milliseconds(300))
            #expect(!disks.hasSpare(bytes: bytes))
        }
        try sandbox.scratch.write("", to: "cache/go")
        _ = try await running.value
        try await eventually("one is there") { disks.hasSpare(bytes: bytes) }
    }

    @Test("one that could not be made keeps no later one from being made")
    func failed() async throws {
        let scratch = try Scratch()
        // Where the directory should be is a file.
        try scratch.write("", to: "disks")
        let disks = StepDisks(directory: scratch("disks"))
        await disks.prepare(bytes: bytes)
        await #expect(throws: (any Error).self) { _ = try await disks.take(bytes: bytes) }
        try Files.remove(scratch("disks"))
        await disks.prepare(bytes: bytes)
        try await eventually("one is there") { disks.hasSpare(bytes: bytes) }
    }
}
