internal import BuildModel
internal import Compression

/// One zstd frame (RFC 8878): frames one after another are one zstd file to every reader.
enum ZstdFrame {
    /// Compresses `bytes` to a frame of its own.
    static func compress(_ bytes: [UInt8], with packer: ZstdPacker) throws(BuildFailure) -> [UInt8] {
        let capacity = ZstdPacker.bound(bytes.count)
        let frame = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let output = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: capacity)
            count = unsafe bytes.withUnsafeBytes { unsafe packer.compress($0, into: output) }
        }
        guard !frame.isEmpty else {
            throw BuildFailure(
                .platform,
                .internal,
                operation: "layer.compress",
                message: "libzstd could not compress \(bytes.count) bytes within its own bound."
            )
        }
        // The room that was not needed is given back: members wait for their turn.
        guard frame.count * 4 < capacity * 3 else { return frame }
        return unsafe frame.withUnsafeBytes { unsafe Array($0) }
    }
}
