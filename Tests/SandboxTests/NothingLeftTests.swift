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

    /// All kinds that a step has of its own.
    static let kinds: Set<String> = ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"]

    @Test(
        "its namespaces neither, when it succeeds, fails or is cancelled",
        arguments: ["exit 0", "exit 3", "sleep 600"]
    )
    func namespaces(_ end: String) async throws {
        let sandbox = try TestSandbox()
        let directory = sandbox.scratch("kept")
        try Directories.create(directory)
        var step = try sandbox.step("echo started; while [ ! -e /kept/go ]; do sleep 0.05; done; \(end)")
        step.caches = [StepCache(CacheMount(name: "kept", path: "/kept"), directory: directory)]
        // What it changed is there for as long as somebody has its outcome.
        let running = Task { [step] in _ = try await sandbox.runner.run(step, log: sandbox.log) }
        try await eventually("it runs") { sandbox.log.texts.contains("step: started") }
        let namespaces = try Namespaces(ofProcessesWith: sandbox.scratch.path)
        #expect(try namespaces.kinds.isSuperset(of: Self.kinds) && !namespaces.holders().isEmpty)
        try sandbox.scratch.write("", to: "kept/go")
        if end.hasPrefix("sleep") { running.cancel() }
        _ = try? await running.value
        try await namespaces.waitUntilGone()
        #expect(try await Leftovers.lasting(of: sandbox) == .none)
    }

    @Test("when whoever runs it is killed, while it runs", arguments: [("crun", 50), ("runc", 10)])
    func killed(_ runtime: String, _ rounds: Int) async throws {
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let sandbox = try TestSandbox { $0.runtime = path }
        for round in 0..<rounds {
            let process = try await start(in: sandbox, round)
            try await eventually("the step runs: \(process.log)") { process.log.contains("started") }
            let namespaces = try Namespaces(ofProcessesWith: sandbox.scratch.path)
            #expect(try namespaces.kinds.isSuperset(of: Self.kinds) && !namespaces.holders().isEmpty)
            process.signal(SIGKILL)
            process.stop()
            try await namespaces.waitUntilGone()
        }
        #expect(try await Leftovers.lasting(of: sandbox) == .none)
        #expect(sandbox.runner.sweep() == 0)
    }

    @Test("when whoever runs it is killed, while the sandbox is made", arguments: [("crun", 12), ("runc", 3)])
    func killedEarly(_ runtime: String, _ rounds: Int) async throws {
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let sandbox = try TestSandbox { $0.runtime = path }
        for round in 0..<rounds {
            let process = try await start(in: sandbox, round)
            try await eventually("something holds it") {
                let holder = "slipway-sandbox .*--identifier s\(process.processID)-0"
                return try await Command.result(["pgrep", "-f", holder]).succeeded
            }
            try await Task.sleep(for: .milliseconds(4 * round))
            process.signal(SIGKILL)
            process.stop()
        }
        #expect(try await Leftovers.lasting(of: sandbox) == .none)
        #expect(sandbox.runner.sweep() == 0)
    }

    /// A process that runs a step which says that it has started, and sleeps.
    private func start(in sandbox: TestSandbox, _ round: Int) async throws -> ServerProcess {
        var step = StepProcess(sandbox: sandbox, command: ["sh", "-c", "setsid sleep 600 & echo started; sleep 600"])
        step.options = ["runtime": sandbox.settings.runtime.map { .string($0) }].compactMapValues { $0 }
        return try await step.start(log: sandbox.scratch("kill-\(round).log"))
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
