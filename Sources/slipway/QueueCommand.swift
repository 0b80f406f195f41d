import ArgumentParser
import BuildModel
import BuildQueue
import Telemetry

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Tells what waits and what runs, by tenant.",
        discussion: """
            EXAMPLES:
              slipway queue
              slipway queue -o json
            """
    )

    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        let overview = try await QueueReader.with(try options.load()) { try await $0.overview() }
        format.output.print(overview) { Self.text(overview) }
    }

    private static func text(_ overview: JSONValue) -> String {
        let counts = ["ready", "running", "delayed", "intake", "buried"]
        var lines = [counts.map { "\($0) \(overview[$0]?.integer ?? 0)" }.joined(separator: ", ")]
        if let oldest = overview["oldestReadyMilliseconds"]?.integer {
            lines.append("oldest waits for \(oldest / 1000) s")
        }
        let workers = overview["workers"]?.array ?? []
        let names = workers.compactMap { $0["name"]?.string }
        lines.append("workers: " + (names.isEmpty ? "none" : names.joined(separator: ", ")))
        for worker in workers {
            guard let name = worker["name"]?.string, let reason = worker["closed"]?.string else { continue }
            lines.append(TerminalText.plain("\(name) takes no builds: \(reason)"))
        }
        var table = TextTable(["TENANT", "READY", "RUNNING"])
        for tenant in overview["tenants"]?.array ?? [] {
            let counts = ["ready", "running"].map { String(tenant[$0]?.integer ?? 0) }
            table.add([tenant["tenant"]?.string ?? ""] + counts)
        }
        if overview["tenants"]?.array?.isEmpty == false { lines.append(table.text) }
        return lines.joined(separator: "\n")
    }
}
