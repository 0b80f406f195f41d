import BuildModel
import Glibc
import Platform
import Sandbox
import TestSupport
import Testing

@Suite("Nothing is left of a step", .serialized)
struct NothingLeftTests {
    @Test("however it ends", arguments: TestSandbox.runtimes)
    func ends(_ runtime: String) async throws {
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let sandbox = try TestSandbox { $0.runtime = path }
        _ = try await sandbox.run("setsid sleep 600 & echo")
        for script in ["exit 1", "sh -c 'kill -9 $$'; exit $?", "dd if=/dev/zero of=/dev/null bs=200M count=1"] {
            await #expect(throws: BuildFailure.self) {
                _ = try await sandbox.run(script) { $0.limits.memoryBytes = 32 << 20 }
            }
        }
        #expect(try await Leftovers.lasting(of: sandbox) == .none)
    }

    @Test("when whoever runs it is killed, at any moment", arguments: [("crun", 50), ("runc", 12)])
    func killed(_ runtime: String, _ rounds: Int) async throws {
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let sandbox = try TestSandbox { $0.runtime = path }
        var step = StepProcess(sandbox: sandbox, command: ["sh", "-c", "setsid sleep 600 & echo started; sleep 600"])
        step.options = ["runtime": .string(path)]
        for round in 0..<rounds {
            let process = try await step.start(log: sandbox.scratch("kill-\(round).log"))
            // Some are killed while the sandbox is made, from when something holds it, the others while the step runs.
            if round % 4 == 0 {
                try await eventually("it is being made") {
                    let holder = "slipway-sandbox .*--identifier s\(process.processID)-0"
                    return try await Command.result(["pgrep", "-f", holder]).succeeded
                }
                try await Task.sleep(for: .milliseconds(round))
            } else {
                try await eventually("the step runs") { process.log.contains("started") }
            }
            process.signal(SIGKILL)
            process.stop()
        }
        #expect(try await Leftovers.lasting(of: sandbox) == .none)
        #expect(sandbox.runner.sweep() == 0)
    }

    @Test("when what holds the step is killed, the step ends, and the run says so", arguments: TestSandbox.runtimes)
    func keeper(_ runtime: String) async throws {
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let sandbox = try TestSandbox { $0.runtime = path }
        let running = Task { try await sandbox.run("echo started; sleep 600") }
        try await eventually("it runs") { !sandbox.log.texts.isEmpty }
        let keepers = try await Command.output(["pgrep", "-f", "slipway-sandbox .*\(sandbox.scratch.path)"]).lines
        for keeper in keepers { kill(Int32(keeper) ?? 0, SIGKILL) }
        let failure = await #expect(throws: BuildFailure.self) { _ = try await running.value }
        #expect(failure?.fault == .platform)
        try await eventually("its processes are gone") {
            let left = try? await Leftovers.of(sandbox)
            return left?.processes.isEmpty == true && left?.loops.isEmpty == true
        }
        #expect(sandbox.runner.sweep() == 1, "its groups are swept")
        #expect(try await Leftovers.lasting(of: sandbox) == .none)
    }
}
