import BuildModel
import Glibc
import Platform
import TestSupport
import Testing

@Suite("A worker that gets SIGHUP")
struct ReloadTests {
    private func change(_ farm: Farm, _ old: String, _ new: String) throws {
        let text = String(decoding: try Files.read(farm.configuration), as: UTF8.self)
        try Files.writeAtomically(Array(text.replacing(old, with: new).utf8), to: farm.configuration)
    }

    @Test("works by the new configuration from then on, and does not end")
    func reload() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("app", ["index.html": "x"])
        let worker = try await farm.startWorker()
        try await farm.add("d1", repository: "app")
        #expect(try await farm.ended("d1")["image"]?.string?.contains("/apps/") == true, "\(worker.log)")
        try change(farm, "\(farm.registry.host)/apps", "\(farm.registry.host)/elsewhere")
        worker.signal(SIGHUP)
        try await eventually("it says so") { worker.log.contains("configuration reloaded") }
        try await farm.add("d2", repository: "app")
        #expect(try await farm.ended("d2")["image"]?.string?.contains("/elsewhere/") == true, "\(worker.log)")
        #expect(worker.isRunning)
    }

    @Test("names what it cannot follow without a restart")
    func fixed() async throws {
        let farm = try await Farm()
        let worker = try await farm.startWorker()
        try change(farm, "name: node-1", "name: node-9")
        worker.signal(SIGHUP)
        try await eventually("it says so") { worker.log.contains("these keys need a restart") }
        #expect(worker.log.contains("worker.name"))
    }

    @Test("keeps the old configuration when the new one is wrong, and says what is")
    func wrong() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("app", ["index.html": "x"])
        let worker = try await farm.startWorker()
        try change(farm, "slots: 2", "slots: two")
        worker.signal(SIGHUP)
        try await eventually("it says so") { worker.log.contains("the configuration was not reloaded") }
        #expect(worker.log.contains("worker.slots"))
        // For the verbs that look on; the worker is not told.
        try change(farm, "slots: two", "slots: 2")
        try await farm.add("d1", repository: "app")
        #expect(try await farm.ended("d1")["state"] == "SUCCESS", "\(worker.log)")
    }
}
