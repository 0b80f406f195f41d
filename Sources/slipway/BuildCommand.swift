import ArgumentParser
import BuildModel
import BuildQueue
import Buildpacks
import GitStore
import ImageBuild
import Platform
import Registry
import Worker

struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Builds a directory or a repository in one process: no Redis, no cluster.",
        discussion: """
            A git repository is built at its HEAD; a directory without one is built as it is.

            EXAMPLES:
              slipway build . --output oci:/tmp/image:app
              slipway build . --output docker://127.0.0.1:5000/team/app:1 --explain
              slipway build https://git.example.org/team/app.git --branch main --output oci:/tmp/image:app
              skopeo copy oci:/tmp/image:app containers-storage:app && podman run --rm -p 3000:3000 app
            """
    )

    @OptionGroup var source: SourceOptions
    @Option(
        help: ArgumentHelp(
            "Where the image goes: oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker://HOST/REPOSITORY:TAG.",
            valueName: "target"
        )
    )
    var output: OutputTarget
    @Option(help: "What layers are packed as: gzip or zstd. (default: zstd where registries.zstd says so, else gzip)")
    var layerFormat: LayerFormat?
    @Flag(help: "Say of each layer where it comes from: remembered or why not, bytes read, packed, uploaded, mounted.")
    var explain = false
    @Option(name: [.customShort("o"), .long], help: "How the result is printed: table, json or ndjson.")
    var format: OutputFormat = .table
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        try await Interruptible.run { try await build() }
    }

    private func build() async throws {
        let settings = try options.load()
        let printer = LogPrinter(descriptor: 2)
        let build = LocalBuild(
            workshop: try Workshop(settings),
            source: source,
            target: output,
            layerFormat: layerFormat ?? output.layerFormat(settings),
            printer: printer
        )
        let result = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await printer.showProgress() }
            defer { group.cancelAll() }
            return try await LocalQueue(request: source.request).run { lease, queue in
                try await build.run(settings, asked: { try await queue.confirm(lease) })
            }
        }
        await build.workshop.close()
        format.print(result.json) { explain ? "\(result.explanationText)\n\(result.text)" : result.text }
        await build.workshop.collectRepositoriesDaily()
    }
}

extension LayerFormat: ExpressibleByArgument {}
