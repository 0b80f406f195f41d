/// Bytes that can be read again and again from any offset: what is uploaded, and what a retry uploads again.
package protocol BlobContent: Sendable {
    /// Bytes in all.
    var size: Int64 { get }

    /// Fills the front of `buffer` from `offset` on; returns how many bytes were read, 0 only at the end.
    ///
    /// Synchronous, may block on the disk; callable from any thread.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int

    /// Whether `read` from `offset` would not have to wait for somebody who makes the bytes.
    ///
    /// - Parameter tell: where it would have to, called once from any thread when that has changed.
    func isReadable(at offset: Int64, orElse tell: @escaping @Sendable () -> Void) -> Bool
}

extension BlobContent {
    package func isReadable(at offset: Int64, orElse tell: @escaping @Sendable () -> Void) -> Bool { true }
}

/// A blob whose digest and size are remembered, and whose bytes are made when somebody lacks them. They are those of its
/// descriptor, or making them throws.
package struct DeferredContent: Sendable {
    /// Uses bytes for as long as it runs.
    package typealias Use = @Sendable (any BlobContent) async throws -> Void

    private let make: @Sendable () async throws -> any BlobContent
    private let stream: (@Sendable (Use) async throws -> Void)?

    /// - Parameters:
    ///   - make: makes all bytes, and keeps them as long as what it returns.
    ///   - stream: makes bytes while they are read, and keeps none; nil where only `make` can.
    package init(
        _ make: @escaping @Sendable () async throws -> any BlobContent,
        stream: (@Sendable (Use) async throws -> Void)? = nil
    ) {
        self.make = make
        self.stream = stream
    }

    /// All of the bytes.
    package func callAsFunction() async throws -> any BlobContent { try await make() }

    /// Lends bytes that are best read from front to back, once: anything else makes them again up to there.
    package func whileStreaming(_ use: Use) async throws {
        guard let stream else { return try await use(try await make()) }
        try await stream(use)
    }
}

/// Where a blob's bytes are.
package enum BlobSource: Sendable {
    /// On this node.
    case local(any BlobContent)
    /// In the repository of a registry from which it can be mounted or copied.
    case registry(ImageReference)
    /// Nowhere yet.
    case deferred(DeferredContent)
}

/// A blob of an image: its descriptor and where its bytes are.
package struct ImageBlob: Sendable {
    package var descriptor: Descriptor
    package var source: BlobSource

    package init(descriptor: Descriptor, source: BlobSource) {
        self.descriptor = descriptor
        self.source = source
    }
}

/// A layer that we made: its compressed blob and the digest of its tar.
package struct Layer: Sendable {
    package var blob: ImageBlob
    /// sha256 of the uncompressed tar, with its two zero blocks.
    package var diffID: Digest
    /// Bytes of the uncompressed tar.
    package var tarSize: Int64
    /// What the layer holds, for the image's history: `app source at 1a2b3c4d5e6f`.
    package var comment: String

    package init(blob: ImageBlob, diffID: Digest, tarSize: Int64, comment: String) {
        self.blob = blob
        self.diffID = diffID
        self.tarSize = tarSize
        self.comment = comment
    }
}

/// An image that others are built on: its manifest and config, and where its layers are. Layers are not pulled to assemble.
package struct BaseImage: Sendable {
    /// The name as rules write it, with the digest of the manifest for this platform.
    package var name: ImageReference
    /// The config, whole; unknown members pass through.
    package var config: JSONValue
    /// The layers, base first, with OCI media types.
    package var layers: [ImageBlob]
    /// Whose word it is that these layers may be had: empty for the operator's, else the repository that a stranger named. A digest is
    /// no proof that whoever names it ever had the bytes, so what was unpacked for one is not shown to another.
    package var realm = ""

    package init(name: ImageReference, config: JSONValue, layers: [ImageBlob]) {
        self.name = name
        self.config = config
        self.layers = layers
    }
}

/// A whole image: the bytes of its manifest and config, and all its blobs, base layers first.
package struct Image: Sendable {
    package var manifest: [UInt8]
    package var manifestDescriptor: Descriptor
    package var config: [UInt8]
    package var configDescriptor: Descriptor
    package var layers: [ImageBlob]

    package init(
        manifest: [UInt8],
        manifestDescriptor: Descriptor,
        config: [UInt8],
        configDescriptor: Descriptor,
        layers: [ImageBlob]
    ) {
        self.manifest = manifest
        self.manifestDescriptor = manifestDescriptor
        self.config = config
        self.configDescriptor = configDescriptor
        self.layers = layers
    }
}

/// How a blob got to where an image is pushed to.
package enum BlobWay: String, Sendable, Hashable {
    case uploaded
    /// Taken over from another repository of the registry.
    case mounted
    case alreadyThere = "there already"
}

/// An image that a registry holds under a tag: what clusters pull.
package struct PublishedImage: Sendable, Hashable {
    /// The repository with the tag that was moved and the manifest's digest.
    package var reference: ImageReference
    package var manifest: Descriptor
    /// Bytes sent, and bytes that were there already or were mounted.
    package var uploadedBytes: Int64
    package var reusedBytes: Int64
    /// How each blob got there; none where the whole image was there already.
    package var ways: [Digest: BlobWay] = [:]

    package init(reference: ImageReference, manifest: Descriptor, uploadedBytes: Int64, reusedBytes: Int64) {
        self.reference = reference
        self.manifest = manifest
        self.uploadedBytes = uploadedBytes
        self.reusedBytes = reusedBytes
    }
}
