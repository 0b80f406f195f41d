import ArgumentParser
import BuildModel
import BuildQueue

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels a build, wherever it is.",
        discussion: """
            A build that waits ends at once; one that runs is stopped by its worker within a second or, at the latest, with
            its next renewal. What it has applied to a cluster by then stays. A build that has ended is not changed.

            EXAMPLES:
              slipway cancel ID
              slipway cancel ID -o json
            """
    )

    @Argument(help: ArgumentHelp("The build.", valueName: "id"))
    var id: String

    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        let state = try await QueueReader.with(try options.load()) { try await $0.cancel(id) }
        let isStopping = !state.isTerminal
        let result: JSONValue = [
            "deploymentId": .string(id), "state": .string(state.rawValue), "stopping": .bool(isStopping),
        ]
        format.output.print(result) { isStopping ? "\(id) is being stopped" : "\(id) is \(state.rawValue)" }
    }
}
