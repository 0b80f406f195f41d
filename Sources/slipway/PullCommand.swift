import ArgumentParser
import BuildModel
import ImageBuild
import Platform
import Registry
import RootFilesystem
import Settings
import Worker

struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Unpacks base images on this node ahead of the builds whose steps run in them.",
        discussion: """
            Images are found as builds find them: in layouts, through mirrors, at their registry. What is there already is not
            fetched again. Workers drop what is unused or over its budget.

            EXAMPLES:
              slipway pull docker.io/library/python:3.13.16-slim docker.io/library/node:24.21.0-slim
              slipway pull docker.io/library/debian:13-slim -o json
            """
    )

    @Argument(help: ArgumentHelp("The images, as rules name them.", valueName: "image"))
    var images: [String]
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        try await Interruptible.run { try await pull() }
    }

    private func pull() async throws {
        let settings = try options.load()
        let workshop = try Workshop(settings)
        let registry = workshop.registry
        let filesystems = try RootFilesystems(
            RootFilesystems.Settings(directory: "\(settings.cacheDirectory)/rootfs"),
            fetch: { try await registry.fetchBlob($0, spoolDirectory: workshop.layers.spoolDirectory) }
        )
        for name in images {
            let start = ContinuousClock.now
            let image = try await workshop.bases.find(try ImageReference(parsing: name), from: .rule, log: PlainLog())
            let lease = try await filesystems.lease(image)
            let duration = start.duration(to: .now)
            format.output.print(Self.json(image, lease, duration)) { Self.text(image, lease, duration) }
        }
        await workshop.close()
    }

    private static func json(_ image: BaseImage, _ lease: RootFilesystemLease, _ duration: Duration) -> JSONValue {
        [
            "image": .string(image.name.description),
            "lowerDirectories": .array(lease.lowerDirectories.map { .string($0) }),
            "milliseconds": .integer(duration.milliseconds),
        ]
    }

    private static func text(_ image: BaseImage, _ lease: RootFilesystemLease, _ duration: Duration) -> String {
        "\(image.name): \(lease.lowerDirectories.count) layers in \(duration.milliseconds) ms"
    }
}
