import ArgumentParser
import BuildModel
import BuildQueue

struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Lists, shows and sends again what failed by no fault of its code.",
        discussion: """
            Dead letters are builds that failed for good although their code is not to blame, and requests that name no
            build. A build is sent again under its own id; such a request has to be put right by whoever sent it.

            EXAMPLES:
              slipway dead
              slipway dead show ID
              slipway dead retry ID
            """,
        subcommands: [DeadListCommand.self, DeadShowCommand.self, DeadRetryCommand.self],
        defaultSubcommand: DeadListCommand.self
    )
}

struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists dead letters, newest first.")

    @Option(help: "How many builds, and how many requests, are listed at most.")
    var limit = 100
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        let letters = try await QueueReader.with(try options.load()) { client in
            try await client.deadBuilds(limit: limit).map(DeadLetter.build)
                + client.deadEntries(limit: limit).map(DeadLetter.entry)
        }
        switch format.output {
        case .json: StandardOutput.write(JSONValue.array(letters.map(\.json)).prettyText)
        case .ndjson: letters.forEach { StandardOutput.write($0.json.canonicalText) }
        case .table: StandardOutput.write(DeadLetter.table(letters))
        }
    }
}

struct DeadShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows all of one dead letter.")

    @Argument(help: ArgumentHelp("As `slipway dead` lists it.", valueName: "id"))
    var id: String
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        let letter = try await QueueReader.with(try options.load()) { try await DeadLetter.find(id, $0) }
        format.output.print(letter.json) { letter.details }
    }
}

struct DeadRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "retry", abstract: "Sends a build again.")

    @Argument(help: ArgumentHelp("As `slipway dead` lists it.", valueName: "id"))
    var id: String
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        try await QueueReader.with(try options.load()) { client in
            guard case .build(let status) = try await DeadLetter.find(id, client) else {
                throw BuildFailure(
                    .code,
                    .invalidRequest,
                    operation: "queue.retry",
                    message: "'\(id)' names no build; put the request right and enqueue it."
                )
            }
            try await client.retry(status.deploymentID)
        }
        format.output.print(["deploymentId": .string(id), "state": "PENDING"]) { "\(id) waits again" }
    }
}
