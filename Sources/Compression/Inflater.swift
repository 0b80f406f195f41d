package import BuildModel
internal import CDeflate

/// A libdeflate decompressor for whole buffers whose uncompressed size is known.
///
/// Owns a `libdeflate_decompressor`; freed with the last reference. `@unchecked Sendable` is sound: whoever uses one has
/// taken it out of a `Stock`, which lends it to one thread at a time.
@safe
package final class Inflater: @unchecked Sendable {
    /// What compressed bytes are wrapped in.
    package enum Format: Sendable {
        /// RFC 1952: one member.
        case gzip
        /// RFC 1950: what git keeps.
        case zlib
    }

    private let decompressor: OpaquePointer

    /// - Throws: `BuildFailure` if memory is short.
    package init() throws(BuildFailure) {
        guard let decompressor = unsafe libdeflate_alloc_decompressor() else {
            throw BuildFailure(
                .platform,
                .limitExceeded,
                operation: "inflate",
                message: "There is no memory for a decompressor.",
                isRetryable: true
            )
        }
        unsafe self.decompressor = decompressor
    }

    deinit { unsafe libdeflate_free_decompressor(decompressor) }

    /// Fills `output` from the front of `input`.
    ///
    /// - Returns: how many bytes of `input` that took; nil if they are damaged, end too early, or do not make exactly as many
    ///   bytes as `output` has. The format's checksum is compared.
    package func inflate(
        _ input: UnsafeRawBufferPointer,
        _ format: Format,
        into output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var (read, written) = (0, 0)
        let decompress = unsafe format == .gzip ? libdeflate_gzip_decompress_ex : libdeflate_zlib_decompress_ex
        // libdeflate wants a place even for nothing.
        var nothing: UInt8 = 0
        let result = unsafe withUnsafeMutablePointer(to: &nothing) { place in
            unsafe decompress(
                decompressor,
                input.baseAddress,
                input.count,
                output.baseAddress ?? UnsafeMutableRawPointer(place),
                output.count,
                &read,
                &written
            )
        }
        return result == LIBDEFLATE_SUCCESS && written == output.count ? read : nil
    }
}
