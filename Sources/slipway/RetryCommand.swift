import ArgumentParser
import BuildModel
import BuildQueue

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Starts a build that failed or was cancelled over, under its own id.",
        discussion: """
            It gets all its attempts again, and its log goes on.

            EXAMPLES:
              slipway retry ID
            """
    )

    @Argument(help: ArgumentHelp("The build.", valueName: "id"))
    var id: String

    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        try await QueueReader.with(try options.load()) { try await $0.retry(id) }
        format.output.print(["deploymentId": .string(id), "state": "PENDING"]) { "\(id) waits again" }
    }
}
