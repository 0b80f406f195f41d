import ArgumentParser
import BuildModel
import HTTPTransport
import Kubernetes
import Platform

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Brings a former build of a project back and waits for it.",
        discussion: """
            Without --to it is the last build before the present one whose rollout came to a good end. The cluster keeps the ten
            latest versions. A rollback has an id of its own and counts as newer than any build that was asked for before.

            EXAMPLES:
              slipway rollback shop
              slipway rollback shop --to dep-2041
            """
    )

    @Argument(help: ArgumentHelp("The project.", valueName: "projectId"))
    var project: String
    @Option(name: .customLong("to"), help: ArgumentHelp("The build to go back to.", valueName: "deploymentId"))
    var build: String?
    @Option(help: ArgumentHelp("The id of the rollback itself.", valueName: "deploymentId"))
    var id: String?

    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.load()
        let stamp = BuildStamp(
            projectID: project,
            deploymentID: id ?? BuildID.make(),
            queuedAt: SystemInformation.currentMilliseconds,
            epoch: 0
        )
        let http = HTTPClient(label: "slipway.rollback")
        let log = TerminalLog(printer: LogPrinter(descriptor: 2))
        let deployer = try Wiring.cluster(settings, http: http)
        let (applied, restored) = try await deployer.rollBack(to: build, as: stamp, confirm: {}, log: log)
        await http.shutdown()
        let result: JSONValue = [
            "rollbackDeploymentId": .string(stamp.deploymentID), "deploymentId": .string(restored),
            "deployment": .string(applied.qualifiedName),
        ]
        format.output.print(result) { "\(applied.qualifiedName) runs build \(restored) again" }
    }
}
