extension ImagePlatform {
    /// The manifest for this platform in an image index or Docker manifest list: OCI image spec, image-index.md.
    ///
    /// The first entry that fits wins, as the spec says. A variant is compared only where both sides have one.
    ///
    /// - Throws: `BuildFailure` with code `not_found` that lists the platforms that are there, or `invalid_image`.
    package func manifest(in index: JSONValue, name: ImageReference) throws(BuildFailure) -> Descriptor {
        var others: [String] = []
        for entry in index["manifests"]?.array ?? [] {
            let descriptor = try Descriptor(json: entry)
            guard let platform = descriptor.platform else { continue }
            if isSatisfied(by: platform) { return descriptor }
            others.append(platform.description)
        }
        throw BuildFailure(
            .platform,
            .notFound,
            operation: "image.read",
            message: "The image '\(name)' has no manifest for \(self); it has "
                + (others.isEmpty ? "none with a platform." : "\(others.prefix(20).joined(separator: ", ")).")
        )
    }

    /// Whether an image made for `other` runs on this platform.
    package func isSatisfied(by other: ImagePlatform) -> Bool {
        guard os == other.os, architecture == other.architecture else { return false }
        guard let variant, let offered = other.variant else { return true }
        return variant == offered
    }
}

extension ImagePlatform: CustomStringConvertible {
    /// `linux/arm64/v8`.
    package var description: String { "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "") }
}
