import ArgumentParser
import BuildModel
import BuildQueue
import Platform
import Telemetry

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Prints a build's log, from any line on, and follows it.",
        discussion: """
            Lines are numbered from 1; a reader that was cut off goes on with --from. A gap in the numbers is said.

            EXAMPLES:
              slipway logs ID
              slipway logs ID -f
              slipway logs ID --from 120 -o ndjson
            """
    )

    @Argument(help: ArgumentHelp("The build.", valueName: "id"))
    var id: String
    @Flag(name: [.customShort("f"), .long], help: "Go on until the build ends.")
    var follow = false
    @Option(help: ArgumentHelp("The first line to print.", valueName: "number"))
    var from: Int64 = 1

    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func validate() throws {
        guard from >= 1 else { throw ValidationError("--from counts lines from 1") }
    }

    func run() async throws {
        let printer = LogPrinter(descriptor: 1)
        try await QueueReader.with(try options.load()) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                if follow, format.output == .table { group.addTask { await printer.showProgress() } }
                defer { group.cancelAll() }
                try await printLines(of: client, printer)
            }
        }
    }

    private func printLines(of client: BuildQueueClient, _ printer: LogPrinter) async throws {
        var all: [JSONValue] = []
        for try await entry in try await client.logs(id, from: from, follow: follow) {
            if entry.missing > 0, format.output == .table {
                printer.print("(\(entry.missing) lines were dropped here)", phase: nil)
            }
            switch format.output {
            case .table: printer.print(entry.line.text, phase: entry.line.phase)
            case .ndjson: StandardOutput.write(entry.json.canonicalText)
            case .json: all.append(entry.json)
            }
        }
        if format.output == .json { StandardOutput.write(JSONValue.array(all).prettyText) }
    }
}
