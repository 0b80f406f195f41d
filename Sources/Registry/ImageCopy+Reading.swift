internal import BuildModel

extension ImageCopy {
    static func descriptors(_ manifest: ManifestContent, in member: String) throws -> [Descriptor] {
        try (manifest.document[member]?.array ?? []).map { try Descriptor(json: $0) }
    }

    static func tooDeep(_ manifest: ManifestContent) -> BuildFailure {
        BuildFailure(
            .platform,
            .limitExceeded,
            operation: "image.copy",
            message: "\(manifest.descriptor.digest) lies more than \(depth) indexes or referrers deep."
        )
    }
}
