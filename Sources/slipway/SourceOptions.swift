import ArgumentParser
import BuildModel
import Buildpacks
import Documents
import GitStore
import Platform
import Settings
import Telemetry
import Worker

/// What `plan` and `build` work on, and how it is started.
struct SourceOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("A directory, or the URL of a repository.", valueName: "path|url"))
    var place: String
    @Option(help: "A branch or tag; for a directory also any revision that git knows. HEAD without it.")
    var branch: String?
    @Option(help: "A full or abbreviated commit id.")
    var commit: String?
    @Option(help: ArgumentHelp("The directory that is built, relative to the path or repository.", valueName: "path"))
    var root: String?
    @Option(help: ArgumentHelp("Replaces the detected start command.", valueName: "command"))
    var start: String?
    @Option(help: ArgumentHelp("Replaces the rule's build step.", valueName: "command"))
    var build: String?
    @Option(help: ArgumentHelp("A variable of this process that steps may have as a secret.", valueName: "name"))
    var secret: [String] = []
    @Option(help: ArgumentHelp("The project whose remembered steps and caches are used.", valueName: "name"))
    var project = "local"
    @Flag(name: .customLong("no-cache"), help: "Run every step, whatever is remembered.")
    var ignoresMemo = false
    @Option(
        help: ArgumentHelp(
            "Plans with the rule, versions and image of a lock: a file with the JSON that a plan has in 'lock'.",
            valueName: "file"
        )
    )
    var locked: String?
    @Option(help: "The port that the app listens on.")
    var port: Int?

    func validate() throws {
        if let port, !(1...65535).contains(port) { throw ValidationError("--port is a number from 1 to 65535") }
    }

    /// The request that these options come to; its ids are never shown.
    var request: BuildRequest {
        var request = BuildRequest(deploymentID: "local", projectID: project, repositoryURL: place)
        request.branch = branch
        request.commitSHA = commit
        request.rootDirectory = directory
        request.startCommand = start
        request.buildCommand = build
        request.buildSecrets = secret
        request.port = port
        return request
    }

    /// What the options say about the plan.
    func planOptions() throws -> PlanOptions {
        var options = PlanOptions(request, today: Timestamp.today)
        if let locked { options.lock = try PlanLock(try JSONDocument.parse(try Files.read(locked))) }
        return options
    }

    /// For whom steps are run.
    var order: StepOrder {
        get throws(BuildFailure) {
            var values: [String: Redacted<String>] = [:]
            for name in secret {
                guard let value = SystemInformation.environment(name) else {
                    throw BuildFailure(
                        .code,
                        .usage,
                        operation: "steps.secrets",
                        message: "There is no variable '\(name)' to take the secret from."
                    )
                }
                values[name] = Redacted(value)
            }
            return StepOrder(projectID: project, buildID: "local", secrets: values, usesMemo: !ignoresMemo)
        }
    }

    /// The directory on this machine that is built.
    var builtPlace: String { directory.isEmpty ? place : "\(place)/\(directory)" }

    var directory: String {
        (root ?? "").split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}

extension SourceOptions {
    /// Whether the place is a URL.
    var isRemote: Bool { place.contains("://") || (place.contains("@") && !Files.exists(place)) }
}

/// A revision and whoever keeps its tree.
struct OpenedSource: Sendable {
    var source: any RevisionSource
    var revision: Revision
    /// The repository of this machine, where its working tree may differ from the revision.
    var repository: LocalRepository?

    /// Names the repository, and the directory of it that is built.
    var place: String { "\((source as? LocalRepository)?.path ?? revision.repositoryURL)\n\(revision.rootDirectory)" }

    /// Says that the working tree has something that is not built. Every file of it is looked at: for a large tree this takes
    /// longer than the rest of a build that changes nothing, so it goes on beside that.
    func warnOfUncommittedChanges(in place: String) async throws {
        guard let repository, try await repository.hasUncommittedChanges() else { return }
        StandardError.write("slipway: warning: uncommitted changes in '\(place)' are not built, the commit is")
    }
}

extension SourceOptions {
    /// Fetches a URL; opens a repository on this machine at HEAD; takes a plain directory as it is.
    func open(_ workshop: Workshop, log: any BuildLog) async throws -> OpenedSource {
        if isRemote {
            let mirrors = try workshop.mirrors()
            return OpenedSource(source: mirrors, revision: try await mirrors.fetch(GitSource(request), log: log))
        }
        guard Directories.exists(place) else {
            throw BuildFailure(.code, .notFound, operation: "source.open", message: "There is no directory '\(place)'.")
        }
        return try await openLocal(builtPlace, workshop, log)
    }

    private func openLocal(_ path: String, _ workshop: Workshop, _ log: any BuildLog) async throws -> OpenedSource {
        let git = Wiring.git(workshop.settings)
        let repository: LocalRepository
        do {
            repository = try await LocalRepository.open(path)
        } catch let failure as BuildFailure where failure.code == .repositoryNotFound {
            let imported = try await LocalRepository.importing(
                directory: path,
                keptIn: git.directory,
                without: [workshop.settings.cacheDirectory]
            )
            for directory in imported.leftOut {
                StandardError.write("slipway: warning: the cache '\(directory)' lies in what is built and is left out")
            }
            return OpenedSource(source: imported, revision: try await imported.revision())
        }
        let found = try await repository.revision(commit ?? branch)
        let (source, revision) = try await repository.completed(found, git.largeFiles, in: git.directory, log: log)
        return OpenedSource(source: source, revision: revision, repository: repository)
    }
}

/// A log that nobody reads.
struct QuietLog: BuildLog {
    func write(_ text: String, stream: LogLine.Stream, phase: BuildPhase?) {}
}
