import ArgumentParser
import BuildModel
import BuildQueue
import Platform
import Telemetry
import Worker

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tells about one build, or lists the latest ones.",
        discussion: """
            EXAMPLES:
              slipway status
              slipway status --limit 100 -o ndjson
              slipway status ID -o json
            """
    )

    @Argument(help: ArgumentHelp("The build; all of them without it.", valueName: "id"))
    var id: String?
    @Option(help: "How many builds are listed at most, latest first.")
    var limit = 20

    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        try await QueueReader.with(try options.load()) { client in
            if let id {
                try await show(id, client)
            } else {
                try await list(client)
            }
        }
    }

    private func show(_ id: String, _ client: BuildQueueClient) async throws {
        guard let status = try await client.status(id) else {
            throw BuildQueueClient.unknown(id)
        }
        let reason = status.state == .pending ? try await client.reasonToWait(id) : nil
        var json = status.json
        if let reason { json["waiting"] = reason.json }
        format.output.print(json) {
            StatusText(status).details + (reason.map { "\nwaiting   " + TerminalText.plain($0.text) } ?? "")
        }
    }

    private func list(_ client: BuildQueueClient) async throws {
        let builds = try await client.list(limit: limit)
        switch format.output {
        case .json: StandardOutput.write(JSONValue.array(builds.map(\.json)).prettyText)
        case .ndjson: builds.forEach { StandardOutput.write($0.json.canonicalText) }
        case .table: StandardOutput.write(StatusText.table(builds))
        }
    }
}

/// Builds for people.
struct StatusText {
    private let json: JSONValue
    private let state: BuildState

    init(_ status: BuildStatus) {
        json = status.json
        state = status.state
    }

    /// One build, a fact a line; only facts that there are.
    var details: String {
        let terminal = Terminal(descriptor: 1)
        var lines: [String] = []
        let facts = [
            ("phase", "phase"), ("language", "language"), ("commit", "commit"), ("image", "image"),
            ("deployed", "deployment"), ("restored", "rollbackDeploymentId"),
            ("worker", "worker"), ("created", "createdAt"), ("waits", "notBefore"), ("replaced", "supersededBy"),
            ("started", "startedAt"), ("finished", "finishedAt"),
        ]
        for (label, name) in facts where !member(name).isEmpty {
            lines.append(label + String(repeating: " ", count: 10 - label.count) + member(name))
        }
        if let size = json["sizeBytes"]?.integer { lines.append("size      \(ByteCount.text(size))") }
        let times = BuildPhase.allCases.compactMap { phase in
            json["phases"]?[phase.rawValue]?.integer.map { "\(phase.rawValue) \($0) ms" }
        }
        if !times.isEmpty { lines.append("times     " + times.joined(separator: ", ")) }
        if let failure = json["failure"] {
            lines.append("failure   \(failure["code"]?.string ?? ""): \(failure["message"]?.string ?? "")")
            lines.append("fault     \(failure["fault"]?.string ?? "")")
        }
        let head = ["build     " + TerminalText.plain(member("deploymentId")), "state     \(terminal.styled(state))"]
        return (head + lines.map(TerminalText.plain)).joined(separator: "\n")
    }

    private func member(_ name: String) -> String { json[name]?.string ?? "" }

    static func table(_ builds: [BuildStatus]) -> String {
        var table = TextTable(["BUILD", "STATE", "PHASE", "LANGUAGE", "CREATED", "IMAGE OR FAILURE"])
        let terminal = Terminal(descriptor: 1)
        for build in builds {
            let json = build.json
            let back = json["rollbackDeploymentId"]?.string.map { "back to build \($0)" }
            let end = json["image"]?.string ?? back ?? json["failure"]?["message"]?.string ?? ""
            let names = ["deploymentId", "state", "phase", "language", "createdAt"]
            table.add(names.map { json[$0]?.string ?? "" } + [end], styles: [1: { _ in terminal.styled(build.state) }])
        }
        return builds.isEmpty ? "No builds." : table.text
    }
}
