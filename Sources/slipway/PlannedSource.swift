import BuildModel
import Buildpacks
import GitStore
import Platform
import Telemetry

/// What a plan is made of: a revision, or a directory as it lies there, of which nothing is taken in.
struct PlannedSource: Sendable {
    private enum Place: Sendable {
        case directory(String)
        case revision(OpenedSource)
    }

    /// What was asked for, or a directory of it.
    private(set) var options: SourceOptions
    private var place: Place

    /// A directory in no repository, or that no commit has yet, is planned as it is; a branch or commit asks for a repository.
    init(_ source: SourceOptions, _ workshop: Workshop) async throws {
        options = source
        let path = source.builtPlace
        let isPlain = !source.isRemote && source.branch == nil && source.commit == nil && Directories.exists(path)
        do {
            if isPlain { _ = try await LocalRepository.open(path) }
            let opened = try await source.open(workshop, log: QuietLog())
            try await opened.warnOfUncommittedChanges(in: path)
            place = .revision(opened)
        } catch let failure as BuildFailure
            where isPlain
            && [.repositoryNotFound, .emptyRepository, .rootDirectoryNotFound, .notFound].contains(failure.code)
        {
            place = .directory(path)
        }
    }

    /// The commit that is planned; nil for a directory.
    var commit: String? {
        if case .revision(let opened) = place { opened.revision.commit.hex } else { nil }
    }

    /// Goes on with a directory of it.
    mutating func move(to directory: String, _ workshop: Workshop) async throws {
        switch place {
        case .directory(let path): place = .directory("\(path)/\(directory)")
        case .revision(let opened):
            place = .revision(try await opened.at(directory, of: options, workshop, QuietLog()))
        }
        options = options.moved(to: directory)
    }

    /// Lends the tree.
    func with<Value: Sendable>(_ body: @escaping @Sendable (any SourceTree) throws -> Value) async throws -> Value {
        switch place {
        case .directory(let path): try body(DirectoryTree(path: path))
        case .revision(let opened): try await opened.source.withTree(of: opened.revision, body)
        }
    }
}

/// A plan for people.
struct PlanText {
    private let plan: BuildPlan
    private let warnings: [String]
    private let showsWhy: Bool

    /// - Parameter showsWhy: whether every loser and what steps are made of is told.
    init(_ plan: BuildPlan, _ warnings: [String], showsWhy: Bool) {
        self.plan = plan
        self.warnings = warnings
        self.showsWhy = showsWhy
    }

    var text: String {
        var lines = ["language   \([plan.language, plan.framework].compactMap(\.self).joined(separator: ", "))"]
        for evidence in plan.candidates.first?.evidence ?? [] {
            lines.append("because    \(evidence.predicate) (\(Self.place(evidence)))")
        }
        for version in plan.versions {
            let wanted = version.request.map { " for '\($0)'" } ?? ""
            lines.append("version    \(version.tool) \(version.version)\(wanted), from \(version.source)")
        }
        for step in plan.steps { lines += self.lines(of: step) }
        lines.append("start      \(plan.start.text)")
        lines.append("           from \(plan.start.source)")
        for (type, command) in plan.processes.sorted(by: { $0.key < $1.key }) {
            lines.append("process    \(type): \(command.text)")
        }
        if let release = plan.release { lines.append("release    \(release.text)") }
        lines.append("image      \(plan.heldRunImage)")
        lines.append("port       \(plan.port), from \(plan.portSource)")
        lines.append("user       \(plan.user)    directory \(plan.workingDirectory)")
        lines.append("stops on   \(plan.stopSignal)\(plan.healthPath.map { "    is well if \($0) says so" } ?? "")")
        for (name, value) in plan.environment.sorted(by: { $0.key < $1.key }) {
            lines.append("env        \(name)=\(value)")
        }
        for file in plan.files { lines.append("adds       \(file.path)") }
        for path in plan.writable + plan.writableFiles { lines.append("may write  \(path)") }
        for warning in warnings { lines.append("warning    \(warning)") }
        for other in plan.candidates.dropFirst() where showsWhy || other.score > 0 {
            lines.append("not        \(other.language) (\(other.score)): \(other.reason)")
        }
        lines.append("digest     \(plan.digest)")
        return lines.map(TerminalText.plain).joined(separator: "\n")
    }

    private func lines(of step: BuildStep) -> [String] {
        var lines = ["step       \(step.name): \(step.command)"]
        guard showsWhy else { return lines }
        lines.append("           from \(step.source), in \(step.heldImage)")
        if case .paths(let paths) = step.inputs { lines.append("           sees \(paths.joined(separator: ", "))") }
        let outputs = step.outputs.map { $0.path + ($0.isShipped ? "" : " (not shipped)") }
        if !outputs.isEmpty { lines.append("           leaves \(outputs.joined(separator: ", "))") }
        lines.append("           key \(Digest(of: step.json.canonicalBytes))")
        return lines
    }

    private static func place(_ evidence: Evidence) -> String {
        evidence.line.map { "\(evidence.file):\($0)" } ?? evidence.file
    }
}
