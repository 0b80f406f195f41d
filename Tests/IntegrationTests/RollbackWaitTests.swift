import BuildModel
import Glibc
import TestSupport
import Testing

@Suite("A rollback that waits for a worker")
struct RollbackWaitTests {
    @Test("says why, also when the last worker has gone since, and ends when it is cancelled")
    func reason() async throws {
        let farm = try await Farm()
        let worker = try await farm.startWorker()
        try await eventually("the farm knows its worker") {
            try await farm.slipway("queue", "-o", "json").text.contains("node-1")
        }
        worker.signal(SIGKILL)
        try await eventually("the worker is gone") { !worker.isRunning }
        let words = [SlipwayProgram.path, "rollback", "shop", "--id", "back-1", "--config", farm.configuration]
        let rollback = try await ServerProcess(words, log: farm.scratch("rollback.log"))
        try await eventually("it says why it waits") {
            rollback.log.contains("the rollback 'back-1' waits: number 1 of its tenant, until a slot is free")
        }
        #expect(try await farm.slipway("cancel", "back-1").succeeded)
        try await eventually("it ends") { !rollback.isRunning }
        #expect(rollback.log.contains("Cancelled on request."), "\(rollback.log)")
    }
}
