import ArgumentParser
import BuildModel
import ImageBuild
import Platform
import Settings
import Worker

/// Where an image is, or where it is put.
enum OutputTarget: ExpressibleByArgument, Sendable {
    case layout(directory: String, tag: String?)
    /// A layout in a tar file.
    case archive(file: String, tag: String?)
    case registry(ImageReference)

    /// For the help of commands.
    static let forms: String = "oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker://HOST/REPOSITORY[:TAG]."

    init?(argument: String) {
        if argument.hasPrefix("docker://") {
            guard var reference = try? ImageReference(parsing: String(argument.dropFirst(9))) else { return nil }
            if reference.tag == nil { reference.tag = "latest" }
            self = .registry(reference)
        } else if argument.hasPrefix("oci:") {
            guard let (path, tag) = Self.parts(argument.dropFirst(4)) else { return nil }
            self = .layout(directory: path, tag: tag)
        } else if argument.hasPrefix("oci-archive:") {
            guard let (path, tag) = Self.parts(argument.dropFirst(12)) else { return nil }
            self = .archive(file: path, tag: tag)
        } else {
            return nil
        }
    }

    private static func parts(_ text: Substring) -> (path: String, tag: String?)? {
        guard !text.isEmpty else { return nil }
        guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") else { return (String(text), nil) }
        let tag = text[text.index(after: colon)...]
        guard ImageReference.isTag(tag), colon > text.startIndex else { return nil }
        return (String(text[..<colon]), String(tag))
    }

    /// What layers of an image that goes there are packed as, unless somebody says otherwise.
    func layerFormat(_ settings: WorkerSettings) -> LayerFormat {
        if case .registry(let reference) = self { reference.layerFormat(zstd: settings.registries.zstd) } else { .gzip }
    }

    /// Calls `body` with where the image can be read: an archive is taken apart for as long.
    func reading<Value>(_ workshop: Workshop, _ body: (OutputTarget) async throws -> Value) async throws -> Value {
        guard case .archive(let file, let tag) = self else { return try await body(self) }
        return try await Self.withDirectory(workshop) { directory in
            try LayoutArchive.unpack(file, into: directory)
            return try await body(.layout(directory: directory, tag: tag))
        }
    }

    /// Calls `body` with where the image is to be written: an archive is put together from it afterwards.
    func writing<Value>(_ workshop: Workshop, _ body: (OutputTarget) async throws -> Value) async throws -> Value {
        guard case .archive(let file, let tag) = self else { return try await body(self) }
        return try await Self.withDirectory(workshop) { directory in
            let value = try await body(.layout(directory: directory, tag: tag))
            try LayoutArchive.pack(directory, to: file)
            return value
        }
    }

    private static func withDirectory<Value>(
        _ workshop: Workshop,
        _ body: (String) async throws -> Value
    ) async throws -> Value {
        let directory = try Directories.createTemporary(in: workshop.layers.spoolDirectory, prefix: "archive-")
        defer { try? Directories.remove(directory) }
        return try await body(directory)
    }
}
