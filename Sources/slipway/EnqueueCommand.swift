import ArgumentParser
import BuildModel
import BuildQueue

struct EnqueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enqueue",
        abstract: "Asks the farm for a build and prints its id.",
        discussion: """
            The id makes it idempotent: the same --id twice is one build. Without --id a new one is made up.

            EXAMPLES:
              slipway enqueue --repository https://git.example.org/team/app.git --project app --branch main
              slipway enqueue --file request.json
              slipway enqueue --file - < request.json
            """
    )

    @Option(help: "A file with the request as JSON (docs/contract.md); - reads standard input. Flags win over it.")
    var file: String?
    @Option(help: ArgumentHelp("The build's id.", valueName: "deploymentId"))
    var id: String?
    @Option(help: ArgumentHelp("The project that is built.", valueName: "projectId"))
    var project: String?
    @Option(help: ArgumentHelp("The repository.", valueName: "url"))
    var repository: String?
    @Option(help: "A branch or tag; the default branch without it.")
    var branch: String?
    @Option(help: "A full or abbreviated commit id.")
    var commit: String?
    @Option(help: ArgumentHelp("The directory of the repository that is built.", valueName: "path"))
    var root: String?
    @Option(help: ArgumentHelp("Replaces the detected start command.", valueName: "command"))
    var start: String?
    @Option(help: "The port that the app listens on.")
    var port: Int?
    @Option(help: ArgumentHelp("Where to push the image.", valueName: "reference"))
    var image: String?
    @Option(name: .customLong("env"), help: ArgumentHelp("A variable of the app; repeatable.", valueName: "NAME=value"))
    var environment: [String] = []
    @Flag(help: "Build and push only.")
    var noDeploy = false

    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        let request = try readRequest()
        _ = try BuildRequest(json: request)
        let enqueued = try await QueueReader.with(try options.load()) { try await $0.enqueue(request.canonicalText) }
        if !enqueued.isNew {
            StandardError.write("slipway: build \(enqueued.id) was there already; nothing was changed")
        }
        format.output.print(["deploymentId": .string(enqueued.id), "created": .bool(enqueued.isNew)]) { enqueued.id }
    }

    private func readRequest() throws -> JSONValue {
        var request = try file.map(RequestFile.read) ?? [:]
        let given: [(String, String?)] = [
            ("deploymentId", id), ("projectId", project), ("repositoryUrl", repository), ("branch", branch),
            ("commitSha", commit), ("rootDirectory", root), ("startCommand", start), ("image", image),
        ]
        for (name, value) in given { if let value { request[name] = .string(value) } }
        if let port { request["port"] = .integer(Int64(port)) }
        if noDeploy { request["deploy"] = false }
        if request["deploymentId"] == nil { request["deploymentId"] = .string(BuildID.make()) }
        try addEnvironment(to: &request)
        return request
    }

    private func addEnvironment(to request: inout JSONValue) throws {
        guard !environment.isEmpty else { return }
        var variables = request["environmentVariables"]?.object ?? [:]
        for entry in environment {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw ValidationError("--env takes NAME=value, not '\(entry)'") }
            variables[String(parts[0])] = .string(String(parts[1]))
        }
        request["environmentVariables"] = .object(variables)
    }
}
