package import BuildModel
internal import Documents
internal import Platform

/// A directory that holds images: OCI image spec, image-layout.md. What `umoci`, `skopeo` and `podman` read as
/// `oci:DIR:TAG`.
package struct OCILayout: Sendable {
    /// The annotation of an index entry that holds its tag or name.
    static let nameAnnotation = "org.opencontainers.image.ref.name"
    /// Manifests and indexes are small; what is larger is none of ours.
    static let documentLimit = 8 << 20

    /// The directory's path.
    package let directory: String

    /// Opens an existing layout.
    ///
    /// - Throws: `BuildFailure`: `not_found` if there is none at `directory`, `invalid_layout` if it is of a version
    ///   that we do not know; both name the directory.
    package init(opening directory: String) throws {
        let path = directory + "/oci-layout"
        guard Files.exists(path) else {
            throw BuildFailure(
                .platform,
                .notFound,
                operation: "layout.open",
                message: "'\(directory)' is not an OCI layout: it has no file 'oci-layout'."
            )
        }
        let marker = try JSONDocument.parse(try Files.read(path, limit: Self.documentLimit))
        guard marker["imageLayoutVersion"]?.string == "1.0.0" else {
            throw Self.invalid(directory, "its 'oci-layout' does not say version 1.0.0")
        }
        self.directory = directory
    }

    /// The entries of `index.json`, whole; none if it is not there yet.
    ///
    /// - Throws: `BuildFailure` with code `invalid_layout`.
    func entries() throws -> [JSONValue] {
        let path = directory + "/index.json"
        guard Files.exists(path) else { return [] }
        let index = try JSONDocument.parse(try Files.read(path, limit: Self.documentLimit))
        guard let entries = index["manifests"]?.array else {
            throw Self.invalid(directory, "its 'index.json' has no list 'manifests'")
        }
        return entries
    }

    /// Where a blob is.
    func blobPath(_ digest: Digest) -> String { "\(directory)/blobs/sha256/\(digest.hex)" }

    static func invalid(_ directory: String, _ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidLayout,
            operation: "layout.read",
            message: "The OCI layout '\(directory)' cannot be used: \(reason)."
        )
    }
}

extension BuildFailure.Code {
    /// A directory that should be an OCI layout is not one.
    package static let invalidLayout = Self(rawValue: "invalid_layout")
}
