import BuildModel
import ImageBuild
import Platform

/// A look at everything that an index names, and at the indexes in it.
struct IndexWalk {
    /// Indexes in one another.
    private static let deepest = 4

    /// The image that is looked at anyway.
    private let own: Digest
    private let source: any ContentSource
    private let fetch: (Descriptor) async throws -> any BlobContent
    /// How many bytes that has which was looked at: an index may name a thing often, and indexes one another's things.
    private var seen: [Digest: Int]
    /// Everything but that image.
    private(set) var images: [IndexedImage] = []
    /// What indexes say of that image.
    private(set) var checks: [ImageCheck] = []

    init(
        beside own: ManifestContent,
        _ source: any ContentSource,
        _ fetch: @escaping (Descriptor) async throws -> any BlobContent
    ) {
        self.own = own.descriptor.digest
        self.source = source
        self.fetch = fetch
        seen = [own.descriptor.digest: own.bytes.count]
    }

    /// Looks at all that `index` names; at nothing if it is no index.
    ///
    /// - Throws: `BuildFailure` if a registry cannot be asked; what is missing or broken is a check that fails.
    mutating func look(into index: ManifestContent, depth: Int = 1) async throws {
        guard MediaType.isIndex(index.descriptor.mediaType) else { return }
        for entry in index.document["manifests"]?.array ?? [] {
            guard let descriptor = try? Descriptor(json: entry) else {
                let problem = "an entry of 'manifests' is no descriptor"
                note(index.descriptor, ImageCheck("index", "index", problem: problem))
                continue
            }
            do {
                try await look(at: descriptor, depth: depth)
            } catch {
                let failure = BuildFailure(error, operation: "image.inspect")
                guard failure.fault != .cancelled, !failure.isRetryable else { throw failure }
                note(descriptor, ImageCheck("manifest", "manifest", problem: failure.message))
            }
        }
    }

    private mutating func look(at descriptor: Descriptor, depth: Int) async throws {
        if let known = seen[descriptor.digest] {
            let size = ImageCheck.size(known, in: descriptor)
            return descriptor.digest == own ? checks.append(size) : note(descriptor, size)
        }
        var content = try await source.manifest(named: descriptor.digest.description)
        seen[descriptor.digest] = content.bytes.count
        images.append(try await IndexedImage(descriptor, content, fetch))
        guard IndexedImage.isIndex(descriptor, content) else { return }
        guard depth < Self.deepest else {
            let problem = "it lies within \(depth) indexes, and is not looked into"
            return note(descriptor, ImageCheck("index-depth", "index", problem: problem))
        }
        content.descriptor.mediaType = MediaType.ociIndex
        try await look(into: content, depth: depth + 1)
    }

    private mutating func note(_ descriptor: Descriptor, _ check: ImageCheck) {
        images.append(IndexedImage(descriptor: descriptor, checks: [check]))
    }
}
