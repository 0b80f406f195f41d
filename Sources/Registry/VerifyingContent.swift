internal import BuildModel
internal import Platform
internal import Synchronization

/// A blob's bytes on their way out: hashed as they are read, and refused before the last of them leaves if they are not the ones
/// that were promised. What a registry stores under a digest is then what we meant.
final class VerifyingContent: BlobContent {
    private struct Progress {
        var hasher = SHA256Hasher()
        var position: Int64 = 0
    }

    let size: Int64
    private let content: any BlobContent
    private let digest: Digest
    private let progress = Mutex(Progress())

    /// - Throws: `BuildFailure` with code `corrupted` if the content has another size than promised.
    init(_ content: any BlobContent, descriptor: Descriptor) throws(BuildFailure) {
        guard content.size == descriptor.size else {
            throw Self.corrupted("\(descriptor.digest) has \(content.size) bytes instead of \(descriptor.size)")
        }
        self.content = content
        size = descriptor.size
        digest = descriptor.digest
    }

    /// Reads in order; starting again from 0 is allowed at any time.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
        let count = try content.read(at: offset, into: buffer)
        let bytes = UnsafeRawBufferPointer(rebasing: buffer.prefix(count)).bytes
        let isRight = progress.withLock { progress in
            if offset == 0 { progress = Progress() }
            guard offset == progress.position else { return false }
            bytes.withUnsafeBytes { progress.hasher.update($0) }
            progress.position += Int64(count)
            return progress.position < size || progress.hasher.finalize() == digest
        }
        guard isRight else { throw Self.corrupted("the bytes of \(digest) have another digest") }
        return count
    }

    private static func corrupted(_ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .corrupted,
            operation: "registry.push",
            message:
                "A blob changed on this node before it was sent: \(reason). Clear the node's cache and build again."
        )
    }
}
