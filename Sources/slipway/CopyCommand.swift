import ArgumentParser
import BuildModel
import ImageBuild
import Platform
import Registry
import Worker

struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copies an image between registries and OCI layouts, with everything attached to it.",
        discussion: """
            Images of an index, signatures, SBOMs and provenance come too; digests stay as they are. What is there already is
            not moved.

            EXAMPLES:
              slipway copy docker://127.0.0.1:5000/team/app:1 oci:/tmp/image:1
              slipway copy oci:/tmp/image:1 docker://registry.example.org/team/app:1
              slipway copy oci:/tmp/image:1 oci-archive:/tmp/image.tar:1
              slipway copy docker://docker.io/library/python:3 docker://127.0.0.1:5000/library/python:3
            """
    )

    @Argument(help: ArgumentHelp(OutputTarget.forms, valueName: "source"))
    var source: OutputTarget
    @Argument(help: ArgumentHelp(OutputTarget.forms, valueName: "destination"))
    var destination: OutputTarget
    @Flag(name: .customLong("without-referrers"), help: "Leave signatures, SBOMs and the like behind.")
    var leavesReferrers = false
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        try await Interruptible.run { try await copy() }
    }

    private func copy() async throws {
        let workshop = try Workshop(try options.load())
        let (root, counts) = try await source.reading(workshop) { source in
            try await destination.writing(workshop) { try await copy(source, to: $0, workshop) }
        }
        await workshop.close()
        format.output.print(Self.json(root, counts)) { Self.text(root, counts) }
    }

    private func copy(
        _ source: OutputTarget,
        to destination: OutputTarget,
        _ workshop: Workshop
    ) async throws -> (ManifestContent, ImageCopy.Counts) {
        let copy = ImageCopy(
            from: try source.contents(workshop),
            to: try await Self.destination(destination, workshop),
            log: PlainLog()
        )
        defer { workshop.registry.reportWarnings(to: PlainLog()) }
        let copied = try await copy.copy(source.name, as: destination.tag, withReferrers: !leavesReferrers)
        if case .registry(let reference) = destination, let wanted = reference.digest,
            wanted != copied.root.descriptor.digest
        {
            throw BuildFailure(
                .code,
                .invalidRequest,
                operation: "copy",
                message: "The destination names \(wanted), and what was copied is \(copied.root.descriptor.digest). "
                    + "Name the destination by a tag, or by the digest of the source."
            )
        }
        return copied
    }

    private static func destination(
        _ target: OutputTarget,
        _ workshop: Workshop
    ) async throws -> any ContentDestination {
        switch target {
        case .registry(let reference): return try workshop.registry.contents(of: reference)
        case .layout(let directory, _), .archive(let directory, _):
            return try await LayoutContents(makingAt: directory) { blob, directory in
                try await workshop.registry.fetchBlob(blob, spoolDirectory: directory)
            }
        }
    }

    private static func json(_ root: ManifestContent, _ counts: ImageCopy.Counts) -> JSONValue {
        [
            "digest": .string(root.descriptor.digest.description), "mediaType": .string(root.descriptor.mediaType),
            "manifests": .integer(Int64(counts.manifests)), "blobs": .integer(Int64(counts.blobs)),
            "movedBytes": .integer(counts.movedBytes), "reusedBytes": .integer(counts.reusedBytes),
        ]
    }

    private static func text(_ root: ManifestContent, _ counts: ImageCopy.Counts) -> String {
        """
        digest  \(root.descriptor.digest)
        copied  \(counts.manifests) manifests, \(counts.blobs) blobs: \(ByteCount.text(counts.movedBytes)) moved, \
        \(ByteCount.text(counts.reusedBytes)) there already
        """
    }
}

extension OutputTarget {
    /// What to read images from.
    func contents(_ workshop: Workshop) throws -> any ContentSource {
        switch self {
        case .registry(let reference): try workshop.registry.contents(of: reference)
        case .layout(let directory, _), .archive(let directory, _): try LayoutContents(opening: directory)
        }
    }

    /// What the image is called where it is.
    var name: String {
        switch self {
        case .registry(let reference): reference.digest?.description ?? reference.tag ?? "latest"
        case .layout(_, let tag), .archive(_, let tag): tag ?? "latest"
        }
    }

    fileprivate var tag: String? {
        switch self {
        case .registry(let reference): reference.digest == nil ? reference.tag : nil
        case .layout(_, let tag), .archive(_, let tag): tag ?? "latest"
        }
    }
}

/// A log on standard error, a line each.
struct PlainLog: BuildLog {
    func write(_ text: String, stream: LogLine.Stream, phase: BuildPhase?) { StandardError.write(text) }
}
