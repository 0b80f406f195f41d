package import BuildModel
internal import CZstd

/// A libzstd decompressor for whole frames whose uncompressed size is known.
///
/// Owns a `ZSTD_DCtx`; freed with the last reference. `@unchecked Sendable` is sound for the reason that `ZstdPacker` gives.
@safe
package final class ZstdUnpacker: @unchecked Sendable {
    private let context: OpaquePointer

    /// - Throws: `BuildFailure` if memory is short.
    package init() throws(BuildFailure) {
        guard let context = unsafe ZSTD_createDCtx() else { throw ZstdFailure.memory() }
        unsafe self.context = context
    }

    deinit { _ = unsafe ZSTD_freeDCtx(context) }

    /// Fills `output` from the one frame that `input` is.
    ///
    /// - Returns: whether `input` is a whole frame, and nothing else, of as many bytes as `output` has. Its checksum is compared.
    package func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
        guard unsafe ZSTD_findFrameCompressedSize(input.baseAddress, input.count) == input.count else { return false }
        let count = unsafe ZSTD_decompressDCtx(
            context,
            output.baseAddress,
            output.count,
            input.baseAddress,
            input.count
        )
        return count == output.count
    }
}

/// Decompresses frames one after another, piece by piece, for what is too large to be held whole.
///
/// Owns a `ZSTD_DCtx`; not for use by two threads at once, hence not Sendable.
@safe
package final class ZstdStream: UnpackStream {
    /// 2 to this power of bytes are the most that a frame may make a reader keep: what every reader takes.
    private static let windowLog: Int32 = 27

    private let context: OpaquePointer
    package private(set) var isAtEnd = false

    /// - Throws: `BuildFailure` if memory is short.
    package init() throws(BuildFailure) {
        guard let context = unsafe ZSTD_createDCtx() else { throw ZstdFailure.memory() }
        unsafe self.context = context
        _ = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLog)
    }

    deinit { _ = unsafe ZSTD_freeDCtx(context) }

    package func reset() {
        _ = unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        isAtEnd = false
    }

    package func inflate(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) -> (read: Int, written: Int)? {
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = unsafe ZSTD_decompressStream(context, &target, &source)
        guard ZSTD_isError(result) == 0 else { return nil }
        isAtEnd = result == 0
        return unsafe (source.pos, target.pos)
    }
}
