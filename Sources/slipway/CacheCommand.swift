import ArgumentParser
import BuildModel
import Buildpacks
import GitStore
import Platform
import Telemetry
import Worker

struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Shows and forgets what this node remembers of build steps.",
        discussion: """
            A step is not run again while nothing that it depends on has changed; see docs/buildpacks.md.

            EXAMPLES:
              slipway cache ls
              slipway cache why . --project shop
              slipway cache rm 3f9a
              slipway cache rm --project shop
              slipway cache rm --repositories
            """,
        subcommands: [CacheListCommand.self, CacheWhyCommand.self, CacheRemoveCommand.self],
        defaultSubcommand: CacheListCommand.self
    )
}

struct CacheListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "Lists remembered steps, newest first."
    )

    @Option(help: ArgumentHelp("Only those of a project.", valueName: "name"))
    var project: String?
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        let workshop = try Workshop(try options.load())
        let steps = try workshop.steps.remembered().filter { project == nil || $0.project == project }
        await workshop.close()
        switch format.output {
        case .json: StandardOutput.write(JSONValue.array(steps.map(\.json)).prettyText)
        case .ndjson: steps.forEach { StandardOutput.write($0.json.canonicalText) }
        case .table: StandardOutput.write(Self.table(steps))
        }
    }

    private static func table(_ steps: [RememberedStep]) -> String {
        var table = TextTable(["KEY", "PROJECT", "STEP", "MADE", "TOOK", "MEMORY", "SIZE", "WHERE"])
        for step in steps {
            let places = (step.isHere ? ["here"] : []) + step.places
            table.add([
                String(step.key.hex.prefix(12)), step.project, step.step, Timestamp.text(milliseconds: step.madeAt),
                "\(step.milliseconds) ms", ByteCount.text(step.peakMemoryBytes), ByteCount.text(step.bytes),
                places.isEmpty ? "gone" : places.joined(separator: ", "),
            ])
        }
        return table.text
    }
}

struct CacheWhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Says for each step whether it would be run, and what has changed since it last was."
    )

    @OptionGroup var source: SourceOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        try await Interruptible.run { try await explain() }
    }

    private func explain() async throws {
        let workshop = try Workshop(try options.load())
        let asked = try await source.open(workshop, log: QuietLog())
        try await asked.warnOfUncommittedChanges(in: source.builtPlace)
        let (plan, opened) = try await workshop.plan(asked, of: source, by: workshop.ruleFiles(), log: QuietLog())
        let steps = try await workshop.steps.explain(
            plan,
            opened.revision,
            from: opened.source,
            order: try source.order,
            log: QuietLog()
        )
        await workshop.close()
        format.output.print(.array(steps.map(\.json))) { Self.text(steps, of: plan) }
    }

    private static func text(_ steps: [StepExplanation], of plan: BuildPlan) -> String {
        guard !plan.steps.isEmpty else { return "Nothing is run to make this app." }
        var table = TextTable(["STEP", "KEY", "WHY"])
        for step in steps { table.add([step.step.name, String(step.key.hex.prefix(12)), step.reason]) }
        for step in plan.steps.dropFirst(steps.count) {
            table.add([step.name, "", "It follows a step that has to be run."])
        }
        return table.text
    }
}

struct CacheRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Forgets steps on this node, so that they are run again; or removes repositories."
    )

    @Argument(help: ArgumentHelp("The beginning of a key, as `slipway cache ls` lists it.", valueName: "key"))
    var keys: [String] = []
    @Option(help: ArgumentHelp("All steps of a project.", valueName: "name"))
    var project: String?
    @Flag(help: "All steps.")
    var all = false
    @Flag(
        help:
            "Repositories, with their files of Git LFS: they are fetched again. A build that reads one right now has to start over."
    )
    var repositories = false
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func validate() throws {
        guard all || repositories || project != nil || !keys.isEmpty else {
            throw ValidationError("name keys, or give --project, --all or --repositories")
        }
    }

    func run() async throws {
        let workshop = try Workshop(try options.load())
        let steps = try workshop.steps.remembered()
        for key in keys where !steps.contains(where: { $0.key.hex.hasPrefix(key) }) {
            throw BuildFailure(
                .code,
                .notFound,
                operation: "steps.forget",
                message: "No remembered step has a key that begins with '\(key)'."
            )
        }
        let doomed = steps.filter { step in
            all || (project != nil && step.project == project) || keys.contains { step.key.hex.hasPrefix($0) }
        }
        for step in doomed { try await workshop.steps.forget(step.key) }
        if all || !doomed.isEmpty || !repositories { StandardOutput.write("\(doomed.count) forgotten") }
        if repositories {
            let gone = try await workshop.mirrors().collect(budget: 0, age: .zero, recent: .zero)
            StandardOutput.write("\(gone.removed) repositories removed, \(ByteCount.text(gone.removedBytes))")
        }
        await workshop.close()
    }
}
