import BuildModel
import ImageBuild
import Platform
import TestSupport

/// Makes layers the way a build does, and looks at their bytes.
enum LayerFixture {
    static func settings(width: Int = 2, format: LayerFormat = .gzip) -> LayerSettings {
        LayerSettings(
            format: format,
            processors: BlockingPool(label: "test.layers", width: width),
            spoolDirectory: "/dev/shm"
        )
    }

    static func layer(
        _ tree: any StoredTree,
        at directory: String = "/app",
        files: [PlannedFile] = [],
        ownership: FileOwnership = .root,
        width: Int = 2,
        format: LayerFormat = .gzip
    ) throws -> Layer {
        try LayerWriter.writeLayer(
            from: tree,
            at: directory,
            ownership: ownership,
            files: files,
            comment: "app source",
            settings: settings(width: width, format: format),
            cancellation: CancelFlag()
        )
    }

    static func layer(_ items: [InMemoryTree.Item], at directory: String = "/app") throws -> Layer {
        try layer(InMemoryTree(items: items), at: directory)
    }

    /// The compressed bytes.
    static func bytes(of layer: Layer) throws -> [UInt8] { try bytes(of: layer.blob) }

    static func bytes(of blob: ImageBlob) throws -> [UInt8] {
        guard case .local(let content) = blob.source else { throw InMemoryTree.Missing() }
        return try Files.bytes(of: content)
    }

    /// The tar, by gzip.
    static func tar(of layer: Layer) async throws -> [UInt8] {
        try await Command.output(["gzip", "-dc"], input: try bytes(of: layer)).output
    }

    /// Writes the compressed bytes to a file.
    static func save(_ layer: Layer, to path: String) throws {
        try Files.writeAtomically(try bytes(of: layer), to: path)
    }

    /// The paths in a layer, by GNU tar.
    static func names(in layer: Layer) async throws -> [String] {
        try await Command.output(["tar", "-tzf", "-"], input: try bytes(of: layer)).lines
    }

    /// Bytes that do not compress to nothing, the same for the same seed.
    static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        let words = (0..<(count + 7) / 8).map { _ in generator.next() & 0x3f3f_3f3f_3f3f_3f3f }
        return words.withUnsafeBytes { Array($0.prefix(count)) }
    }
}
