package import BuildModel
internal import CDeflate

/// A libdeflate compressor: raw DEFLATE (RFC 1951) of whole buffers, one after another.
///
/// Owns a `libdeflate_compressor`; freed with the last reference. `@unchecked Sendable` is sound: whoever uses one has
/// taken it out of a `Stock`, which lends it to one thread at a time.
@safe
package final class Deflater: @unchecked Sendable {
    private let compressor: OpaquePointer

    /// - Throws: `BuildFailure` if the level is not one of libdeflate's or memory is short.
    package init(level: Int) throws(BuildFailure) {
        guard let compressor = unsafe libdeflate_alloc_compressor(Int32(clamping: level)) else {
            throw BuildFailure(
                .platform,
                .invalidConfiguration,
                operation: "layer.compress",
                message: "libdeflate has no compressor of level \(level); it knows 1 to 12."
            )
        }
        unsafe self.compressor = compressor
    }

    deinit { unsafe libdeflate_free_compressor(compressor) }

    /// The most bytes that `count` bytes can become.
    package func bound(_ count: Int) -> Int {
        unsafe libdeflate_deflate_compress_bound(compressor, count)
    }

    /// Compresses `input` into the front of `output`; returns how many bytes it took, 0 if they do not fit.
    package func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        unsafe libdeflate_deflate_compress(
            compressor,
            input.baseAddress,
            input.count,
            output.baseAddress,
            output.count
        )
    }
}
