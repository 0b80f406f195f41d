import BuildModel
import ImageBuild
import Platform
import Registry
import Telemetry
import Worker

/// What there is to say about an image.
struct ImageInspection {
    private let documents: ImageDocuments
    private let checks: [ImageCheck]
    /// Of an index that was checked, its other images.
    private let others: [IndexedImage]

    init(_ target: OutputTarget, workshop: Workshop, verifies: Bool) async throws {
        let source = try target.contents(workshop)
        let fetch: (Descriptor) async throws -> any BlobContent = { descriptor in
            let blob = try source.blob(descriptor)
            if case .local(let content) = blob.source { return content }
            return try await workshop.registry.fetchBlob(blob, spoolDirectory: workshop.layers.spoolDirectory)
        }
        let content = try await source.manifest(named: target.name)
        let manifest = try await Self.manifest(content, source, workshop)
        documents = try await ImageDocuments(manifest, fetch: fetch)
        var (walk, layers) = (IndexWalk(beside: manifest, source, fetch), [ImageCheck]())
        if verifies {
            try await walk.look(into: content)
            layers = try await LayerChecks.all(of: documents, fetch)
        }
        others = walk.images
        checks = documents.checks + layers + walk.checks + others.flatMap(\.checks)
    }

    var problems: [ImageCheck] { checks.filter { $0.problem != nil } }

    private static func manifest(
        _ content: ManifestContent,
        _ source: any ContentSource,
        _ workshop: Workshop
    ) async throws -> ManifestContent {
        guard MediaType.isIndex(content.descriptor.mediaType) else { return content }
        let platform = Wiring.platform(workshop.settings)
        let name = try ImageReference(parsing: "index/\(content.descriptor.digest.hex.prefix(12))")
        let digest = try platform.manifest(in: content.document, name: name).digest
        return try await source.manifest(named: digest.description)
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
            "others": .array(others.map(\.json)),
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
        lines += others.map(\.text)
        for check in problems {
            lines.append("problem   \(check.name) of \(check.subject): \(TerminalText.plain(check.problem ?? ""))")
        }
        lines.append("checks    \(checks.count - problems.count) of \(checks.count) passed")
        return lines.joined(separator: "\n")
    }
}

extension ImageCheck {
    fileprivate var json: JSONValue {
        ["name": .string(name), "subject": .string(subject), "problem": problem.map { .string($0) } ?? .null]
    }
}
