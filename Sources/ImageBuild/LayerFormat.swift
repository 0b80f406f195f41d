internal import BuildModel

/// What members of a layer are packed as: OCI image spec, layer.md and media-types.md.
package enum LayerFormat: String, Sendable, Hashable, CaseIterable {
    /// RFC 1952; every reader takes it.
    case gzip
    /// RFC 8878; smaller and faster, for readers that are not old.
    case zstd

    /// The format of a codec that `LayerSettings.codec` named.
    init(codec: String) {
        self = codec.hasPrefix("\(Self.zstd.rawValue)-") ? .zstd : .gzip
    }

    /// The media type of layers.
    package var mediaType: String {
        switch self {
        case .gzip: MediaType.ociLayerGzip
        case .zstd: MediaType.ociLayerZstd
        }
    }
}
