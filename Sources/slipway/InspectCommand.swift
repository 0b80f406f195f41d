import ArgumentParser
import BuildModel
import ImageBuild
import Platform
import Registry
import Telemetry
import Worker

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Shows what an image is made of, and whether it is as the OCI specification wants it.",
        discussion: """
            Without --verify the manifest and the config are looked at. With it every layer is read, hashed and unpacked in memory:
            what unpackers pass over in silence is found too. A failed check ends with status 1.

            EXAMPLES:
              slipway inspect oci:/tmp/image:app
              slipway inspect docker://127.0.0.1:5000/team/app:1 --verify
              slipway inspect oci:/tmp/image:app --verify -o json | jq '.checks[] | select(.problem)'
            """
    )

    @Argument(help: ArgumentHelp(OutputTarget.forms, valueName: "image"))
    var image: OutputTarget
    @Flag(help: "Read the layers and check them too.")
    var verify = false
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        let workshop = try Workshop(try options.load())
        let inspection = try await image.reading(workshop) { image in
            try await ImageInspection(image, workshop: workshop, verifies: verify)
        }
        await workshop.close()
        format.output.print(inspection.json) { inspection.text }
        if !inspection.problems.isEmpty { throw ExitCode(1) }
    }
}

/// What there is to say about an image.
struct ImageInspection {
    private let documents: ImageDocuments
    private let checks: [ImageCheck]

    init(_ target: OutputTarget, workshop: Workshop, verifies: Bool) async throws {
        let source = try target.contents(workshop)
        let fetch: (Descriptor) async throws -> any BlobContent = { descriptor in
            let blob = try source.blob(descriptor)
            if case .local(let content) = blob.source { return content }
            return try await workshop.registry.fetchBlob(blob, spoolDirectory: workshop.layers.spoolDirectory)
        }
        let manifest = try await Self.manifest(target, source, workshop)
        documents = try await ImageDocuments(manifest, fetch: fetch)
        checks = documents.checks + (verifies ? try await Self.checkLayers(documents, fetch) : [])
    }

    var problems: [ImageCheck] { checks.filter { $0.problem != nil } }

    private static func manifest(
        _ target: OutputTarget,
        _ source: any ContentSource,
        _ workshop: Workshop
    ) async throws -> ManifestContent {
        let content = try await source.manifest(named: target.name)
        guard MediaType.isIndex(content.descriptor.mediaType) else { return content }
        let platform = Wiring.platform(workshop.settings)
        let name = try ImageReference(parsing: "index/\(content.descriptor.digest.hex.prefix(12))")
        let digest = try platform.manifest(in: content.document, name: name).digest
        return try await source.manifest(named: digest.description)
    }

    private static func checkLayers(
        _ documents: ImageDocuments,
        _ fetch: (Descriptor) async throws -> any BlobContent
    ) async throws -> [ImageCheck] {
        let pool = BlockingPool(label: "slipway.inspect", width: 1)
        let box = LayerScanBox()
        var checks: [ImageCheck] = []
        for (index, layer) in documents.layers.enumerated() {
            let diffID = index < documents.diffIDs.count ? documents.diffIDs[index] : "nothing"
            do {
                let content = try await fetch(layer)
                checks += try await pool.run { try box.check(layer, diffID, content) }
            } catch let failure as BuildFailure where failure.code == .corrupted || failure.code == .notFound {
                checks.append(ImageCheck("layer-bytes", layer.digest.description, problem: failure.message))
            }
        }
        return checks
    }

    private var whys: [String] {
        documents.origins.map { entry in
            guard let entry else { return "the history says nothing" }
            let words = [entry["created_by"]?.string, entry["comment"]?.string].compactMap { $0 }.filter { !$0.isEmpty }
            return TerminalText.plain(String(words.joined(separator: ": ").prefix(200)))
        }
    }

    var json: JSONValue {
        let layers = zip(documents.layers, whys).enumerated().map { index, layer -> JSONValue in
            [
                "digest": .string(layer.0.digest.description), "mediaType": .string(layer.0.mediaType),
                "size": .integer(layer.0.size), "why": .string(layer.1),
                "diffId": index < documents.diffIDs.count ? .string(documents.diffIDs[index]) : .null,
            ]
        }
        return [
            "digest": .string(documents.descriptor.digest.description),
            "mediaType": .string(documents.descriptor.mediaType),
            "size": .integer(documents.layers.reduce(0) { $0 + $1.size }),
            "layers": .array(layers),
            "annotations": documents.manifest["annotations"] ?? [:],
            "config": documents.config,
            "checks": .array(checks.map(\.json)),
            "valid": .bool(problems.isEmpty),
        ]
    }

    var text: String {
        let config = documents.config
        let platform = "\(config["os"]?.string ?? "?")/\(config["architecture"]?.string ?? "?")"
        var lines = [
            "digest    \(documents.descriptor.digest)",
            "platform  \(TerminalText.plain(platform))",
            "created   \(TerminalText.plain(config["created"]?.string ?? "unknown"))",
        ]
        for (layer, why) in zip(documents.layers, whys) {
            lines.append("layer     \(layer.digest.short)  \(ByteCount.text(layer.size))  \(why)")
        }
        for check in problems {
            lines.append("problem   \(check.name) of \(check.subject): \(TerminalText.plain(check.problem ?? ""))")
        }
        lines.append("checks    \(checks.count - problems.count) of \(checks.count) passed")
        return lines.joined(separator: "\n")
    }
}

/// A scan that is handed from call to call; `@unchecked Sendable` is sound: the pool has one thread, and calls are waited for.
private final class LayerScanBox: @unchecked Sendable {
    private var scan = LayerScan()

    func check(_ layer: Descriptor, _ diffID: String, _ content: any BlobContent) throws -> [ImageCheck] {
        try scan.check(layer, diffID: diffID, content: content)
    }
}

extension ImageCheck {
    fileprivate var json: JSONValue {
        ["name": .string(name), "subject": .string(subject), "problem": problem.map { .string($0) } ?? .null]
    }
}
