import BuildModel
import Glibc
import Platform
import Sandbox

/// `slipway-step`: runs one step in the sandbox, for tests that kill it and benchmarks that time it. Its one argument is a JSON
/// object; the output goes to standard output line by line, a last line `result {…}` says how it ended.
@main
struct StepProgram {
    static func main() async {
        do {
            let order = try StepOrder(CommandLine.arguments.dropFirst().first ?? "")
            WorkerNamespace.enter(helper: order.settings.helper)
            SystemInformation.prepareProcess()
            let runner = SandboxRunner(settings: order.settings)
            defer { runner.leave() }
            try await withThrowingTaskGroup { group in
                for number in 0..<order.repetitions {
                    if number > 0 { try await Task.sleep(for: order.pause) }
                    group.addTask { try await run(order, number, runner) }
                    if !order.runsBeside { try await group.next() }
                }
                try await group.waitForAll()
            }
        } catch {
            let failure = BuildFailure(error, operation: "step")
            PrintedLog().say(
                "result "
                    + JSONValue.object(["code": .string(failure.code.rawValue), "message": .string(failure.message)])
                    .canonicalText
            )
            SystemInformation.exit(1)
        }
    }

    private static func run(_ order: StepOrder, _ number: Int, _ runner: SandboxRunner) async throws {
        let scratch = try ScratchDirectories.create(in: order.scratch, prefix: "step-")
        defer { ScratchDirectories.remove(scratch) }
        let identifier = "s\(SystemInformation.processID)-\(number)"
        let start = ContinuousClock.now
        let step = SandboxedStep(
            step: order.step,
            lowers: order.lowers,
            scratch: scratch,
            caches: order.caches,
            secrets: order.secrets,
            environment: order.environment,
            identifier: identifier
        )
        let outcome = try await runner.run(step, log: PrintedLog())
        if let layer = order.layer { try await StepLayer.write(outcome, of: order, to: layer) }
        let microseconds = (ContinuousClock.now - start).components.attoseconds / 1_000_000_000_000
        PrintedLog().say(
            "result "
                + JSONValue.object([
                    "microseconds": .integer(
                        (ContinuousClock.now - start).components.seconds * 1_000_000 + microseconds
                    ),
                    "peakMemoryBytes": .integer(outcome.peakMemoryBytes),
                    "refused": .integer(Int64(outcome.egress.refused)),
                ]).canonicalText
        )
    }
}

/// Prints lines as they come.
struct PrintedLog: BuildLog {
    func write(_ text: String, stream: LogLine.Stream, phase: BuildPhase?) {
        let line = text + "\n"
        _ = Glibc.write(1, line, line.utf8.count)
    }
}
