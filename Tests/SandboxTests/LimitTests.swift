import BuildModel
import Glibc
import Platform
import Sandbox
import TestSupport
import Testing

@Suite("A limit that a step reaches is named")
struct LimitTests {
    /// What the run of a step that must fail says.
    private func failure(
        _ script: String,
        settings: (inout SandboxSettings) -> Void = { _ in },
        limits: StepLimits
    ) async throws -> BuildFailure {
        let sandbox = try TestSandbox(change: settings)
        return try await #require(throws: BuildFailure.self) {
            _ = try await sandbox.run(script) { $0.limits = limits }
        }
    }

    @Test("memory: one process takes more than there is", arguments: TestSandbox.runtimes)
    func memory(_ runtime: String) async throws {
        let limits = StepLimits(memoryBytes: 64 << 20)
        let script = "dd if=/dev/zero of=/dev/null bs=200M count=1"
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let failure = try await failure(script, settings: { $0.runtime = path }, limits: limits)
        #expect(failure.code == .outOfMemory)
        #expect(failure.fault == .code)
        #expect(failure.message.contains("ran out of memory: limit 64 MiB, peak 64 MiB"), "\(failure)")
    }

    @Test("processes: a fork bomb is contained", arguments: TestSandbox.runtimes)
    func processes(_ runtime: String) async throws {
        let script = "n=0; while [ $n -lt 200 ]; do sleep 30 & n=$((n+1)); done"
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let limits = StepLimits(processes: 16, seconds: 300)
        let failure = try await failure(script, settings: { $0.runtime = path }, limits: limits)
        #expect(failure.code == .tooManyProcesses)
        #expect(failure.message.contains("ran out of processes: limit 16"), "\(failure)")
    }

    @Test("disk: what is written counts, in the image's files and in /tmp", arguments: ["/big", "/tmp/big"])
    func disk(_ path: String) async throws {
        let limits = StepLimits(diskBytes: 32 << 20)
        let failure = try await failure("dd if=/dev/zero of=\(path) bs=1M count=64", limits: limits)
        #expect(failure.code == .diskFull)
        #expect(failure.message.contains("ran out of disk: limit 32 MiB, peak 3"), "\(failure)")
    }

    @Test("disk: also where the program removes what it could not finish")
    func removed() async throws {
        // What comes and goes between two looks, milliseconds apart, is not seen; a program takes its time.
        let script = "dd if=/dev/zero of=/tmp/big bs=1M count=64 2>&1; sleep 10; rm /tmp/big; exit 1"
        let failure = try await failure(script, limits: StepLimits(diskBytes: 32 << 20))
        #expect(failure.code == .diskFull)
    }

    @Test("files: a disk that has bytes and no room for more files is named, however small they are")
    func files() async throws {
        let script = "n=0; while : >/f$n; do n=$((n+1)); done 2>/dev/null; exit 1"
        let failure = try await failure(script, limits: StepLimits(diskBytes: 8 << 20))
        #expect(failure.code == .diskFull && failure.fault == .code)
        #expect(failure.message.contains("ran out of files: its disk of 8 MiB has room for 1"), "\(failure)")
    }

    @Test(
        "cache: a step that fills the node's disk through one is ended, also by files without a name",
        arguments: [
            "dd if=/dev/zero of=/work/kept/big bs=1M count=24; sleep 4322",
            "exec 9>/work/kept/big; rm /work/kept/big; dd if=/dev/zero bs=1M count=24 >&9; sleep 4322",
        ]
    )
    func cache(_ script: String) async throws {
        let sandbox = try TestSandbox()
        var step = try sandbox.step(script)
        let directory = sandbox.scratch("kept")
        try Directories.create(directory)
        let mount = CacheMount(name: "kept", path: "/work/kept")
        step.caches = [StepCache(mount, directory: directory, maximumBytes: 16 << 20)]
        let failure = try await #require(throws: BuildFailure.self) {
            _ = try await sandbox.runner.run(step, log: sandbox.log)
        }
        #expect(failure.code == .diskFull && failure.fault == .code)
        #expect(failure.message.contains("more than 16 MiB into its cache 'kept'"), "\(failure)")
    }

    @Test("cache: a file without a name counts for the cache that it was in, and for no other")
    func otherCache() async throws {
        let sandbox = try TestSandbox()
        var step = try sandbox.step(
            "exec 9>/work/large/big; rm /work/large/big; dd if=/dev/zero bs=1M count=24 >&9; sleep 4; echo done"
        )
        for (name, mebibytes) in [("small", 16), ("large", 64)] {
            let directory = sandbox.scratch(name)
            try Directories.create(directory)
            let mount = CacheMount(name: name, path: "/work/\(name)")
            step.caches.append(StepCache(mount, directory: directory, maximumBytes: Int64(mebibytes) << 20))
        }
        _ = try await sandbox.runner.run(step, log: sandbox.log)
        #expect(sandbox.log.texts.contains("step: done"))
    }

    @Test("node: a step is ended before the node's own disk is full, which is not the code's fault")
    func node() async throws {
        let limits = StepLimits(seconds: 60)
        let failure = try await failure("sleep 4323", settings: { $0.minimumFreeBytes = 1 << 60 }, limits: limits)
        #expect(failure.code == .diskFull && failure.fault == .platform && failure.isRetryable)
        #expect(failure.message.contains("the disk of this node has"), "\(failure)")
    }

    @Test("disk: sizes are rounded up to few, so that few empty disks are kept")
    func rounded() {
        let settings = SandboxSettings(runtimeDirectory: "/run/none", cacheDirectory: "/run/none")
        let table: [(Int64, Int64)] = [
            (1, 4 << 20), (5 << 20, 5 << 20), ((5 << 20) + 1, 6 << 20), (100 << 20, 112 << 20), (10 << 30, 10 << 30),
            (11 << 30, 12 << 30), (1 << 50, 64 << 30), (-5, 4 << 20),
        ]
        for (asked, given) in table {
            #expect(StepBounds(StepLimits(diskBytes: asked), settings: settings).diskBytes == given)
        }
    }

    @Test("disk: a step that says so and has room has failed for a reason of its own")
    func mentioned() async throws {
        let script = "echo 'write error: No space left on device'; exit 1"
        let failure = try await failure(script, limits: StepLimits(diskBytes: 32 << 20))
        #expect(failure.code == .stepFailed)
    }

    @Test("time: everything that the step started ends with it, whatever it ignores", arguments: TestSandbox.runtimes)
    func time(_ runtime: String) async throws {
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let sandbox = try TestSandbox { $0.runtime = path }
        let nap = "sleep \(runtime == "crun" ? 4321 : 4327)"
        let script =
            "trap '' TERM HUP INT; for i in 1 2 3; do setsid sh -c \"trap '' TERM; \(nap)\" & done; \(nap)"
        let start = ContinuousClock.now
        let failure = try await #require(throws: BuildFailure.self) {
            _ = try await sandbox.run(script) { $0.limits.seconds = 1 }
        }
        #expect(failure.fault == .timedOut)
        #expect(failure.message.contains("ran out of time: limit 1 s"))
        #expect(!failure.isRetryable)
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(try await Command.result(["pgrep", "-f", nap]).text.isEmpty)
    }

    /// A step ends in 50 ms at most, which `make bench-sandbox` measures on an idle node; a busy one gives a test its turn late.
    @Test("a tree of fifty processes that ignore what they are told is gone at once when the step is ended")
    func tree() async throws {
        var best = Duration.seconds(60)
        for _ in 0..<10 where best >= .milliseconds(500) { best = min(best, try await timeToEndTree()) }
        #expect(best < .milliseconds(500), "\(best) at best")
    }

    /// Starts a step of fifty processes and one that ignore what they are told.
    ///
    /// - Parameter nap: what each of them runs, and nobody else.
    private func startTree(
        of nap: String,
        in sandbox: TestSandbox
    ) async throws -> (step: Task<StepOutcome, any Error>, processes: [Int32]) {
        let script = """
            trap '' TERM HUP INT; n=0
            while [ $n -lt 50 ]; do setsid \(nap) & n=$((n+1)); done
            echo started; \(nap)
            """
        let running = Task { try await sandbox.run(script) }
        let processes = try await eventually("all of them run") { () async -> [Int32]? in
            let found = try? await Command.result(["pgrep", "-x", "-f", nap]).lines.compactMap { Int32($0) }
            return (found?.count ?? 0) >= 51 ? found : nil
        }
        return (running, processes)
    }

    @Test(
        "a tree of fifty processes that ignore what they are told is gone when the step's end is told",
        arguments: TestSandbox.runtimes
    )
    func toldEnd(_ runtime: String) async throws {
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let sandbox = try TestSandbox { $0.runtime = path }
        let (running, processes) = try await startTree(of: "sleep \(runtime == "crun" ? 4328 : 4329)", in: sandbox)
        running.cancel()
        await #expect(throws: BuildFailure.self) { _ = try await running.value }
        #expect(processes.filter { kill($0, 0) == 0 } == [])
    }

    /// How long the last of the processes lives when their step is ended.
    private func timeToEndTree() async throws -> Duration {
        let sandbox = try TestSandbox()
        let (running, processes) = try await startTree(of: "sleep 4326", in: sandbox)
        let start = ContinuousClock.now
        running.cancel()
        var left = processes
        while !left.isEmpty, ContinuousClock.now - start < .seconds(60) {
            left.removeAll { kill($0, 0) != 0 }
            if !left.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        }
        let spent = ContinuousClock.now - start
        #expect(left == [], "\(left.count) of \(processes.count) were left after \(spent)")
        await #expect(throws: BuildFailure.self) { _ = try await running.value }
        #expect(try await Leftovers.lasting(of: sandbox) == .none)
        return spent
    }

    /// Writers enough to keep the pipe full, whatever the reader does.
    private static let chatter = "for i in 1 2 3 4; do yes & done; yes"

    @Test("time: also where the step never stops writing")
    func chattering() async throws {
        let start = ContinuousClock.now
        let failure = try await failure(
            Self.chatter,
            settings: { $0.outputBytes = 100_000 },
            limits: StepLimits(seconds: 1)
        )
        #expect(failure.fault == .timedOut, "\(failure)")
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test("a cancelled step ends, also where it never stops writing")
    func cancelledWhileChattering() async throws {
        let sandbox = try TestSandbox { $0.outputBytes = 100_000 }
        let running = Task { try await sandbox.run(Self.chatter) { $0.limits.seconds = 60 } }
        try await eventually("it writes") { !sandbox.log.texts.isEmpty }
        let start = ContinuousClock.now
        running.cancel()
        let failure = await #expect(throws: BuildFailure.self) { _ = try await running.value }
        #expect(failure?.fault == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test("ids: a step waits for those of another one where the node has too few")
    func identities() async throws {
        let sandbox = try TestSandbox { $0.identities?.count = 65536 }
        let first = Task { try await sandbox.run("echo first; sleep 4324") }
        try await eventually("it has them") { sandbox.log.texts.contains("step: first") }
        let second = Task { try await sandbox.run("echo second") }
        let wait = "step: waits for ids: other steps have all 1 ranges of this node."
        try await eventually("the other one waits") { sandbox.log.texts.contains(wait) }
        #expect(!sandbox.log.texts.contains("step: second"))
        first.cancel()
        _ = try await second.value
        #expect(sandbox.log.texts.last == "step: second")
        _ = try? await first.value
    }

    @Test("processors: a busy step gets its share")
    func processors() async throws {
        let sandbox = try TestSandbox()
        let script = "end=$(($(date +%s)+2)); while [ $(date +%s) -lt $end ]; do :; done"
        let outcome = try await sandbox.run(script) { $0.limits.processors = 0.2 }
        let share =
            Double(outcome.processorTime.components.attoseconds) / 1e18
            + Double(outcome.processorTime.components.seconds)
        #expect(share > 0.005)
        #expect(share < 1, "two seconds of 0.2 cores took \(share) s")
    }

    @Test("output: what is over the limit is dropped, and the step goes on")
    func output() async throws {
        let sandbox = try TestSandbox {
            $0.outputBytes = 10000
            $0.lineBytes = 100
        }
        _ = try await sandbox.run("yes 0123456789 | head -n 5000; yes | head -c 500 | tr -d '\\n'; echo; touch /done")
        #expect(sandbox.log.texts.filter { $0 == "step: 0123456789" }.count == 909)
        #expect(sandbox.log.texts.last?.contains("more of output were dropped") == true)
    }

    @Test(
        "output: a step may have less of it kept than the node allows, and not more",
        arguments: [(5000, 454, "the step's limit is 4.9 KiB"), (20000, 909, "sandbox.outputBytes is 9.8 KiB")]
    )
    func askedOutput(bytes: Int, lines: Int, name: String) async throws {
        let sandbox = try TestSandbox { $0.outputBytes = 10000 }
        _ = try await sandbox.run("yes 0123456789 | head -n 5000") { $0.limits.outputBytes = Int64(bytes) }
        #expect(sandbox.log.texts.filter { $0 == "step: 0123456789" }.count == lines)
        #expect(sandbox.log.texts.last?.contains("more of output were dropped: \(name).") == true)
    }

    @Test("output: a line that does not end is shown when nothing more comes")
    func openLine() async throws {
        let sandbox = try TestSandbox()
        let running = Task { try await sandbox.run("printf 'working...'; sleep 600") }
        try await eventually("it is shown") { sandbox.log.texts.contains("step: working...") }
        running.cancel()
        _ = try? await running.value
    }

    @Test("what a plan asks for is bounded by the operator")
    func ceilings() async throws {
        let failure = try await failure(
            "dd if=/dev/zero of=/dev/null bs=200M count=1",
            settings: { $0.ceilings.memoryBytes = 48 << 20 },
            limits: StepLimits(memoryBytes: 4 << 30)
        )
        #expect(failure.message.contains("limit 48 MiB"))
    }
}
