import ArgumentParser
import BuildModel
import GitStore
import Platform
import Sandbox

/// The command line. Each verb has a file of its own; this one parses, runs, and maps errors to exit codes.
@main
struct Slipway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slipway",
        abstract: "Turns a git repository into an image that runs.",
        discussion: """
            EXAMPLES:
              slipway plan .                                   what would be built, and why
              slipway build . --output oci:/tmp/image:app      the whole build in one process
              slipway worker --config /etc/slipway/worker.yaml a worker that takes builds from Redis
              slipway enqueue --file request.json              asks the farm for a build and prints its id
              slipway logs ID -f                               follows a build
              slipway status                                   what the farm is doing
              slipway cancel ID                                stops a build
              slipway rollback PROJECT                         brings the last good build back
              slipway inspect oci:/tmp/image:app --verify      what an image is made of, and whether it is sound
              slipway doctor                                   whether this node and its Redis keep what a worker promises

            Results go to standard output, everything else to standard error. Exit codes: docs/exit-codes.md.
            """,
        version: SlipwayVersion.text,
        subcommands: [
            BuildCommand.self, PlanCommand.self, WorkerCommand.self, EnqueueCommand.self, LogsCommand.self,
            StatusCommand.self, CancelCommand.self, RetryCommand.self, QueueCommand.self, DeadCommand.self,
            CacheCommand.self, DeployCommand.self, RollbackCommand.self, CopyCommand.self, InspectCommand.self,
            PullCommand.self, RegistryCommand.self, DoctorCommand.self, VersionCommand.self,
        ]
    )

    /// Those that have to do with files of steps, whose owners are not this user.
    private static let stepVerbs: Set<String> = ["build", "worker", "cache", "doctor"]

    /// Those that begin with a repository.
    private static let gitVerbs: Set<String> = ["build", "plan"]

    static func main() async {
        SystemInformation.shareHeaps()
        if Self.stepVerbs.contains(CommandLine.arguments.dropFirst().first ?? "") { WorkerNamespace.enter() }
        SystemInformation.prepareProcess()
        do {
            var command = try parseAsRoot()
            // Not before: help and wrong words end the process at once, which must not meet a library that starts.
            if Self.gitVerbs.contains(CommandLine.arguments.dropFirst().first ?? "") { LocalRepository.startLibrary() }
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            ScratchDirectories.removeAll()
        } catch {
            ExitStatus.leave(with: error)
        }
    }
}
