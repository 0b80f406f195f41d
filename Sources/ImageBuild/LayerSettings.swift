internal import BuildModel
package import Platform

/// How layers are made: what they are compressed with, on which threads, where they are kept, and what is too large.
package struct LayerSettings: Sendable {
    package var compression: CompressionLevel
    /// What members are packed as; part of the codec.
    package var format: LayerFormat
    /// The threads that compress. Their number changes the speed, never a byte.
    package var processors: BlockingPool
    /// An existing directory for compressed bytes that are kept; nothing in it has a name.
    package var spoolDirectory: String
    /// Where compressed bytes go.
    package var output = LayerOutput.spool
    /// The largest file that is put in a layer, in bytes.
    package var maximumBlobBytes: Int64
    /// A large source becomes this many layers at most.
    package var maximumLayers: Int
    /// What happens to a source whose attributes ask for what layers do not do.
    package var attributes: AttributeNotes.Policy
    /// Members of earlier layers; nil to make every member anew. Changes the speed, never a byte.
    package var members: MemberStore?

    package init(
        compression: CompressionLevel = .balanced,
        format: LayerFormat = .gzip,
        processors: BlockingPool,
        spoolDirectory: String,
        maximumBlobBytes: Int64 = 1 << 30,
        maximumLayers: Int = 10,
        attributes: AttributeNotes.Policy = .tell,
        members: MemberStore? = nil
    ) {
        self.compression = compression
        self.format = format
        self.processors = processors
        self.spoolDirectory = spoolDirectory
        self.maximumBlobBytes = maximumBlobBytes
        self.maximumLayers = maximumLayers
        self.attributes = attributes
        self.members = members
    }

    /// Names how a tar becomes compressed bytes: library, compression, where members are cut, and how this release of the
    /// library packs a sample. Layers from equal trees with equal codecs have equal digests.
    ///
    /// - Throws: `BuildFailure` with code `invalid_configuration` if the library lacks a level.
    package var codec: String {
        get throws(BuildFailure) {
            let library = format == .gzip ? "libdeflate" : "libzstd"
            let fingerprint = try CodecIdentity.fingerprint(compression, format)
            return "\(format.rawValue)-\(library)-\(compression.rawValue)-v3-\(fingerprint)"
        }
    }

    /// Names how a tree becomes a tar: modes, times, owners, order and header forms.
    package static let tarPolicy = "tar-v2"
}
