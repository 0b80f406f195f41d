package import BuildModel
internal import CZlib

/// Inflates a stream piece by piece, for what is too large to be held whole.
///
/// Owns a `z_stream`; not for use by two threads at once, hence not Sendable.
@safe
package final class InflateStream: UnpackStream {
    private var stream: z_stream
    package private(set) var isAtEnd = false

    /// - Parameter format: what the stream is wrapped in; of gzip one member.
    /// - Throws: `BuildFailure` if memory is short.
    package init(_ format: Inflater.Format = .zlib) throws(BuildFailure) {
        unsafe stream = z_stream()
        guard unsafe slipway_inflate_init(&stream, format == .gzip ? 31 : 15) == Z_OK else {
            throw BuildFailure(
                .platform,
                .limitExceeded,
                operation: "inflate",
                message: "There is no memory for a decompressor.",
                isRetryable: true
            )
        }
    }

    package func reset() {
        unsafe inflateReset(&stream)
        isAtEnd = false
    }

    deinit { unsafe inflateEnd(&stream) }

    package func inflate(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) -> (read: Int, written: Int)? {
        let (inputCount, outputCount) = (UInt32(clamping: input.count), UInt32(clamping: output.count))
        unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.avail_in = inputCount
        unsafe stream.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.avail_out = outputCount
        let result = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
        guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else { return nil }
        isAtEnd = result == Z_STREAM_END
        return unsafe (Int(inputCount - stream.avail_in), Int(outputCount - stream.avail_out))
    }
}
