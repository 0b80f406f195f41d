import BuildModel
import Platform
import RootFilesystem
import Synchronization
import TestSupport

/// A store of its own, and layers from bytes.
struct Fixture {
    /// On a file system with extended attributes of every kind.
    let scratch: Scratch
    let store: RootFilesystems

    /// - Parameter parent: memory for those who wait until the disk has it all.
    init(in parent: String = "/var/tmp", maximumBytes: Int64 = 1 << 30) throws {
        scratch = try Scratch(in: parent)
        store = try Self.open(scratch, maximumBytes: maximumBytes)
    }

    var directory: String { scratch("store") }

    /// The same store, as another process would open it.
    func reopened(firstID: UInt32 = 0) throws -> RootFilesystems { try Self.open(scratch, firstID: firstID) }

    private static func open(
        _ scratch: Scratch,
        maximumBytes: Int64 = 1 << 30,
        firstID: UInt32 = 0
    ) throws -> RootFilesystems {
        let settings = RootFilesystems.Settings(
            directory: scratch("store"),
            firstID: firstID,
            maximumBytes: maximumBytes,
            width: 2
        )
        return try RootFilesystems(settings) { _ in throw CommandFailed(description: "nothing is to be fetched") }
    }

    static func layer(_ entries: [CraftedTar.Entry]) async throws -> FilesystemLayer {
        layer(tar: try await CraftedTar.bytes(entries))
    }

    static func layer(tar: [UInt8], blob: [UInt8]? = nil) -> FilesystemLayer {
        let bytes = blob ?? tar
        let descriptor = Descriptor(
            mediaType: MediaType.ociLayerTar,
            digest: Digest(of: bytes),
            size: Int64(bytes.count)
        )
        let blob = ImageBlob(descriptor: descriptor, source: .local(InMemoryContent(bytes)))
        return FilesystemLayer(blob: blob, diffID: Digest(of: tar))
    }
}

/// Content that counts how often it was read from its beginning.
final class CountedContent: BlobContent {
    private let content: InMemoryContent
    private let count = Mutex(0)

    init(_ bytes: [UInt8]) { content = InMemoryContent(bytes) }

    var size: Int64 { content.size }
    var beginnings: Int { count.withLock { $0 } }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
        // The first few bytes are looked at once more, to see how it is compressed.
        if offset == 0 && buffer.count > 100 { count.withLock { $0 += 1 } }
        return try content.read(at: offset, into: buffer)
    }
}
