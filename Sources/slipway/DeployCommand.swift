import ArgumentParser
import BuildModel
import Buildpacks
import HTTPTransport
import Kubernetes
import Platform
import Settings

struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Hands an image to the cluster and waits for its rollout; no queue, no build.",
        discussion: """
            The cluster is the one that the configuration names, else KUBECONFIG's, else the one that slipway runs in, else
            that of ~/.kube/config.
            A deployment from here counts as newer than what the project has in the cluster, and than builds that were asked for
            before by this machine's clock. A build that the queue gets after that wins, also while this one still rolls out.
            A tag is looked up at its registry, and the image that it is now is applied with its digest.

            EXAMPLES:
              slipway deploy --image registry.example.org/apps/shop@sha256:… --request request.json
              slipway deploy --image registry.example.org/apps/shop:1 --request request.json --render | kubectl diff -f -
            """
    )

    @Option(help: ArgumentHelp("The image, by digest or by tag.", valueName: "reference"))
    var image: String
    @Option(help: "A file with the request as JSON (docs/contract.md); - reads standard input.")
    var request: String
    @Flag(help: "Print the manifests as YAML and change nothing.")
    var render = false

    @Flag(help: "Take fields that other managers have set, instead of naming them and changing nothing.")
    var force = false

    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        try await Interruptible.run { try await deploy() }
    }

    private func deploy() async throws {
        let settings = try options.load()
        let http = HTTPClient(label: "slipway.deploy")
        let image = try await PinnedImage(settings: settings, http: http).find(try ImageReference(parsing: image))
        let intent = try intent(image, settings)
        if render {
            if let job = Manifests.releaseJob(intent), let name = job["metadata"]?["name"]?.string {
                StandardError.write(
                    "slipway: the Job '\(name)' runs the release command: apply it first, and the rest when it is complete"
                )
            }
            StandardOutput.write(Manifests.rendered(intent))
            return await http.shutdown()
        }
        let log = TerminalLog(printer: LogPrinter(descriptor: 2))
        let deployer = try Wiring.cluster(settings, http: http, takesFields: force)
        let applied = try await deployer.deploy(try await deployer.following(intent), confirm: {}, log: log)
        await http.shutdown()
        let result: JSONValue = [
            "deploymentId": .string(intent.stamp.deploymentID), "deployment": .string(applied.qualifiedName),
            "image": .string(intent.image.description),
        ]
        format.output.print(result) { applied.qualifiedName }
    }

    private func intent(_ image: ImageReference, _ settings: WorkerSettings) throws -> DeploymentIntent {
        let request = try BuildRequest(json: RequestFile.read(request))
        // As the farm's epochs, which are never behind the queue's clock. If ours is, what is in the cluster counts.
        let now = SystemInformation.currentMilliseconds
        return try DeploymentIntent(
            request: request,
            image: image,
            defaultPort: 3000,
            command: try Self.words(request.startCommand, "startCommand"),
            releaseCommand: try Self.words(request.releaseCommand, "releaseCommand"),
            revision: request.commitSHA,
            queuedAt: now,
            epoch: now,
            settings: try Wiring.deployerSettings(settings.kubernetes)
        )
    }

    /// A command as the argument vector that a shell would make of it, or with a shell where it needs one.
    private static func words(_ text: String?, _ source: String) throws -> [String]? {
        guard let text else { return nil }
        return try StartCommand(text: text, source: source).arguments
    }
}
