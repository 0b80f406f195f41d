/// Media types of the OCI image spec (media-types.md) and of Docker's schema 2, which bases may still have.
package enum MediaType {
    package static let ociManifest = "application/vnd.oci.image.manifest.v1+json"
    package static let ociIndex = "application/vnd.oci.image.index.v1+json"
    package static let ociConfig = "application/vnd.oci.image.config.v1+json"
    /// Of two bytes, `{}`: what an artifact has where it needs no config.
    package static let ociEmpty = "application/vnd.oci.empty.v1+json"
    package static let ociLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip"
    package static let ociLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd"
    package static let ociLayerTar = "application/vnd.oci.image.layer.v1.tar"
    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    package static let dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"
    package static let dockerConfig = "application/vnd.docker.container.image.v1+json"
    package static let dockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip"

    /// Every manifest and index form that we can read, for `Accept`.
    package static let manifests = [ociManifest, ociIndex, dockerManifest, dockerIndex]

    /// Whether content of this type is a list of manifests by platform.
    package static func isIndex(_ mediaType: String) -> Bool {
        mediaType == ociIndex || mediaType == dockerIndex
    }

    /// The OCI name of a Docker layer type; other types are returned as they are. Layer bytes are the same in both families.
    package static func ociEquivalent(of mediaType: String) -> String {
        switch mediaType {
        case dockerLayerGzip: ociLayerGzip
        case dockerConfig: ociConfig
        case dockerManifest: ociManifest
        case dockerIndex: ociIndex
        default: mediaType
        }
    }
}
