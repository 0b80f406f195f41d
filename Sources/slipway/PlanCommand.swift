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
            EXAMPLES:
              slipway plan .
              slipway plan . --root apps/web
              slipway plan https://git.example.org/team/app.git --branch main -o json
            """
    )

    @OptionGroup var source: SourceOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        try await Interruptible.run { try await plan() }
    }

    private func plan() async throws {
        let workshop = try Workshop(try options.load())
        let opened = try await source.open(workshop, log: QuietLog())
        let rules = try workshop.rules()
        let planOptions = PlanOptions(source.request)
        let plan = try await opened.source.withTree(of: opened.revision) { tree in
            try rules.plan(tree: tree, options: planOptions)
        }
        await workshop.close()
        var json = plan.json
        json["planDigest"] = .string(plan.digest.description)
        json["commit"] = .string(opened.revision.commit.hex)
        format.output.print(json) { PlanText(plan).text }
    }
}

/// A plan for people.
struct PlanText {
    private let plan: BuildPlan

    init(_ plan: BuildPlan) {
        self.plan = plan
    }

    var text: String {
        var lines = ["language   \(plan.language)"]
        for evidence in plan.candidates.first?.evidence ?? [] {
            lines.append(
                "because    \(evidence.predicate) (\(evidence.line.map { "\(evidence.file):\($0)" } ?? evidence.file))"
            )
        }
        lines.append("start      \(plan.start.text)")
        lines.append("           from \(plan.start.source)")
        lines.append("image      \(plan.runImage)")
        lines.append("user       \(plan.user)    port \(plan.port)    directory \(plan.workingDirectory)")
        for (name, value) in plan.environment.sorted(by: { $0.key < $1.key }) {
            lines.append("env        \(name)=\(value)")
        }
        for file in plan.files { lines.append("adds       \(file.path)") }
        for warning in plan.warnings { lines.append("warning    \(warning)") }
        for other in plan.candidates.dropFirst() { lines.append("not        \(other.language): \(other.reason)") }
        lines.append("digest     \(plan.digest)")
        return lines.map(TerminalText.plain).joined(separator: "\n")
    }
}
