internal import BuildModel

extension Planner {
    /// Programs that only an image of their own language has, if the rule does not say that its image has them too.
    private static let foreign: Set<String> = [
        "node", "npm", "npx", "yarn", "pnpm", "bun", "bunx", "deno", "python", "python2", "python3", "pip", "ruby",
        "bundle", "rackup", "java", "php", "composer", "dotnet", "mix", "iex", "elixir", "erl", "go", "cargo", "swift",
        "mvn", "gradle", "sbt", "lein", "clojure", "clj", "stack", "cabal", "crystal", "dart", "zig", "gleam", "sudo",
        "docker", "docker-compose", "heroku", "foreman",
    ]
    /// What runs the file that is named behind it.
    private static let interpreters: Set<String> = ["python", "python3", "ruby", "node", "php", "bash", "sh"]

    /// What commands that somebody wrote start and that is not there: how the app starts, its further processes, and what is run before a
    /// rollout. Where a rule starts it in another image than its own, as pages are, the others are not looked at.
    func obstacles(_ start: ChosenStart, _ others: Processes, _ steps: [BuildStep]) throws -> [String] {
        guard let own = try programs(), settings.image == nil, start.rule?.image == nil else { return [] }
        var told = try start.rule == nil ? obstacles(to: start.command, own, steps, "Set 'startCommand'") : []
        for (_, process) in others.others.sorted(by: { $0.key < $1.key }) {
            told += try obstacles(to: process, own, steps, "Set it in 'processes' of slipway.yaml")
        }
        // What a request has runs in the place of what the source names.
        guard options.releaseCommand == nil, let release = others.release else { return told }
        return try told + obstacles(to: release, own, steps, "Set 'releaseCommand'")
    }

    /// A program that the image has not, or a file that neither the source has nor a step makes.
    private func obstacles(
        to start: StartCommand,
        _ own: Set<String>,
        _ steps: [BuildStep],
        _ remedy: String
    ) throws -> [String] {
        // What stands between quotes is no command of this one.
        let isQuoted = start.text.contains { "'\"".contains($0) }
        let commands = start.text.split(maxSplits: isQuoted ? 0 : .max) { "&;|\n".contains($0) }
            .map { $0.split { " \t\"'()".contains($0) }.map(String.init).drop { $0.contains("=") || $0 == "exec" } }
        var told: [String] = []
        for program in commands.compactMap(\.first) where Self.foreign.contains(program) && !own.contains(program) {
            told.append(
                "\(start.source) starts '\(program)', which the image of \(rule.language) has not, so that it ends at once. "
                    + "\(remedy), or name an image that has it in slipway.yaml."
            )
        }
        // A step of somebody's own may make it, and another directory is looked into.
        let isOwn = settings.directory != nil || givenInstall != nil || !settings.steps.isEmpty
        guard commands.count == 1, !isOwn, let command = commands.first, let file = try missingFile(Array(command)),
            givenBuild == nil, !Self.isMade(file, steps)
        else { return told }
        return told + [
            "\(start.source) starts '\(file)', which is not in the source, so that it ends at once. \(remedy)."
        ]
    }

    /// Whether a build may make a file: it makes JavaScript, while what other interpreters run is written by hand.
    private static func isMade(_ file: String, _ steps: [BuildStep]) -> Bool {
        file.hasSuffix("js") && steps.contains { $0.kind == .build }
    }

    /// Whether the rule's image has what a command begins with.
    func hasProgram(of command: StartCommand) throws -> Bool {
        let program = command.text.split(separator: " ").map(String.init).first { !$0.contains("=") } ?? ""
        return try !Self.foreign.contains(program) || programs()?.contains(program) == true
    }

    /// What the rule says that its image has; nil where it says nothing.
    private func programs() throws -> Set<String>? {
        try context.first(of: rule.programs).map { Set($0.text.split(separator: " ").map(String.init)) }
    }

    /// The file that an interpreter is given, if it is not in the tree.
    private func missingFile(_ words: [String]) throws -> String? {
        guard let program = words.first, Self.interpreters.contains(program) else { return nil }
        let ends = [".py", ".rb", ".js", ".mjs", ".cjs", ".php", ".sh"]
        guard let file = words.dropFirst().first, ends.contains(where: file.hasSuffix), !file.hasPrefix("/"),
            !file.contains("$"), !file.contains("..")
        else { return nil }
        let path = String(file.hasPrefix("./") ? file.dropFirst(2) : file[...])
        // A directory that is not there either is one that packages make when they are installed.
        let directory = path.directoryOfPath
        guard try directory.isEmpty || view.kind(at: directory) == .directory else { return nil }
        // One that it is compiled from may lie beside it.
        let stem = String(path.prefix(upTo: path.lastIndex(of: ".") ?? path.endIndex))
        guard try !view.isFile(stem + ".ts"), try !view.isFile(stem + ".mts") else { return nil }
        return try view.isFile(path) ? nil : path
    }
}
