import ArgumentParser
import BuildModel
import Buildpacks
import GitStore
import Platform
import Telemetry
import Worker

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Says what would be built, from which files, and why; builds nothing.",
        discussion: """
            As 'build' does, it takes a git repository at its HEAD, with a warning where files differ from it, and a directory
            that no commit has as it lies there.

            EXAMPLES:
              slipway plan .
              slipway plan . --root apps/web --why
              slipway plan . --roots
              slipway plan https://git.example.org/team/app.git --branch main -o json
            """
    )

    @OptionGroup var source: SourceOptions
    @Flag(help: "Lists every directory that can be built and started by itself.")
    var roots = false
    @Flag(help: "Also says why each other rule did not win, and what steps are made of.")
    var why = false
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        try await Interruptible.run {
            let workshop = try Workshop(try options.load())
            try await plan(by: workshop)
            await workshop.collectRepositoriesDaily()
        }
    }

    private func plan(by workshop: Workshop) async throws {
        var planned = try await PlannedSource(source, workshop)
        let (rules, planOptions) = (try workshop.rules(), try source.planOptions())
        if roots {
            let found = try await planned.with { try rules.roots(tree: $0, options: planOptions) }
            await workshop.close()
            return print(found)
        }
        var notices: [String] = []
        var outcome = try await outcome(of: planned, rules, planOptions)
        if case .failed(_, _, let app?) = outcome {
            notices.append(app.words)
            if !app.directory.isEmpty { try await planned.move(to: app.directory, workshop) }
            outcome = try await self.outcome(of: planned, rules, app.options)
        }
        await workshop.close()
        switch outcome {
        case .failed(let failure, let losers, _): try fail(failure, losers)
        case .planned(let plan): print(plan, planned, notices)
        }
    }

    private func outcome(of planned: PlannedSource, _ rules: RuleSet, _ options: PlanOptions) async throws -> Outcome {
        try await planned.with { tree in
            do {
                return .planned(try rules.plan(tree: tree, options: options))
            } catch let failure as BuildFailure where failure.fault == .code {
                let app = try rules.soleApp(in: tree, besides: failure, options: options)
                return .failed(failure, try rules.candidates(tree: tree), app)
            }
        }
    }

    private func print(_ plan: BuildPlan, _ planned: PlannedSource, _ notices: [String]) {
        let warnings = notices + plan.warnings + plan.lockWarnings
        var json = plan.json
        json["warnings"] = .array(warnings.map { .string($0) })
        json["root"] = .string(planned.options.directory)
        json["planDigest"] = .string(plan.digest.description)
        json["lock"] = PlanLock(plan).json
        if let commit = planned.commit { json["commit"] = .string(commit) }
        format.output.print(json) { PlanText(plan, warnings, showsWhy: why).text }
    }

    private func print(_ roots: [AppRoot]) {
        format.output.print(["roots": .array(roots.map(\.json))]) {
            let lines = roots.map { root in
                let name = root.directory.isEmpty ? "." : root.directory
                let language = [root.plan.language, root.plan.framework].compactMap(\.self).joined(separator: "/")
                return TerminalText.plain("\(name)\t\(language)\t\(root.plan.start.text)")
            }
            return lines.isEmpty ? "No directory can be built and started by itself." : lines.joined(separator: "\n")
        }
    }

    /// For programs, what was found so far is told although there is no plan: candidates and the reason.
    private func fail(_ failure: BuildFailure, _ candidates: [RuleCandidate]) throws -> Never {
        if format.output != .table {
            let best = candidates.first.flatMap { $0.score > 0 ? $0.language : nil }
            let json: JSONValue = [
                "language": best.map { .string($0) } ?? .null,
                "root": .string(source.directory),
                "candidates": .array(candidates.map(\.json)),
                "start": .null,
                "error": ["code": .string(failure.code.rawValue), "message": .string(failure.message)],
            ]
            format.output.print(json) { "" }
        }
        if format.output == .table && why {
            for other in candidates {
                Swift.print(TerminalText.plain("not        \(other.language): \(other.reason)"))
            }
        }
        throw failure
    }

    private enum Outcome: Sendable {
        case planned(BuildPlan)
        /// Why there is no plan, what was considered, and what is planned instead.
        case failed(BuildFailure, [RuleCandidate], SoleApp?)
    }
}
