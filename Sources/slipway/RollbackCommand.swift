import ArgumentParser
import BuildModel
import HTTPTransport
import Kubernetes
import Platform
import Settings

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Brings a former build of a project back and waits for it.",
        discussion: """
            Without --to it is the last build before the present one whose rollout came to a good end. The cluster keeps the ten
            latest versions. A rollback is a build of its own, with an id, a log and a place in the queue's history; a worker of
            the farm runs it, or this command itself where no worker is to be seen or with --here, and then it is in no history, and
            counts as newer than what is in the cluster and than builds that were asked for before by this machine's clock.

            EXAMPLES:
              slipway rollback shop
              slipway rollback shop --to dep-2041
              slipway rollback shop --here
            """
    )

    @Argument(help: ArgumentHelp("The project.", valueName: "projectId"))
    var project: String
    @Option(name: .customLong("to"), help: ArgumentHelp("The build to go back to.", valueName: "deploymentId"))
    var build: String?
    @Option(help: ArgumentHelp("The id of the rollback itself.", valueName: "deploymentId"))
    var id: String?
    @Flag(help: "Talk to the cluster from here, without the queue.")
    var here = false
    @Flag(help: "Take fields that other managers have set, as deploy does; implies --here.")
    var force = false

    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        try await Interruptible.run { try await rollBack() }
    }

    private func rollBack() async throws {
        let settings = try options.load()
        let id = id ?? BuildID.make()
        var request: JSONValue = ["deploymentId": .string(id), "projectId": .string(project)]
        request["rollback"] = build.map { .string($0) } ?? true
        _ = try BuildRequest(json: request)
        let queued = QueuedRollback(settings: settings, id: id, request: request)
        let isQueued = if here || force { false } else { try await queued.isServed() }
        let result = if isQueued { try await queued.run() } else { try await run(settings, id) }
        format.output.print(result) {
            "\(result["deployment"]?.string ?? "") runs build \(result["rollbackDeploymentId"]?.string ?? "") again"
        }
    }

    /// The rollback without the queue. Counts as newer than what is in the cluster, and than builds that were asked for before.
    private func run(_ settings: WorkerSettings, _ id: String) async throws -> JSONValue {
        let now = SystemInformation.currentMilliseconds
        let stamp = BuildStamp(projectID: project, deploymentID: id, queuedAt: now, epoch: now)
        let http = HTTPClient(label: "slipway.rollback")
        let log = TerminalLog(printer: LogPrinter(descriptor: 2))
        let deployer = try Wiring.cluster(settings, http: http, takesFields: force)
        let later = try await deployer.following(stamp)
        let (applied, restored) = try await deployer.rollBack(to: build, as: later, confirm: {}, log: log)
        await http.shutdown()
        return [
            "deploymentId": .string(id), "rollbackDeploymentId": .string(restored),
            "deployment": .string(applied.qualifiedName),
        ]
    }
}
