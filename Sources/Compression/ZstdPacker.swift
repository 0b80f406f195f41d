package import BuildModel
internal import CZstd

/// A libzstd compressor: frames (RFC 8878) of whole buffers, one after another, each with its size and a checksum.
///
/// It compresses on the caller's thread alone, so that the frame depends on bytes, level and release of the library. Owns a
/// `ZSTD_CCtx`; freed with the last reference. `@unchecked Sendable` is sound: whoever uses one has taken it out of a `Stock`,
/// which lends it to one thread at a time.
@safe
package final class ZstdPacker: @unchecked Sendable {
    private let context: OpaquePointer

    /// - Throws: `BuildFailure` if memory is short or the library lacks the level.
    package init(level: Int) throws(BuildFailure) {
        guard let context = unsafe ZSTD_createCCtx() else { throw ZstdFailure.memory() }
        unsafe self.context = context
        let settings = [
            (ZSTD_c_compressionLevel, Int32(clamping: level)), (ZSTD_c_checksumFlag, 1), (ZSTD_c_contentSizeFlag, 1),
            (ZSTD_c_nbWorkers, 0),
        ]
        for (name, value) in settings {
            guard unsafe ZSTD_isError(ZSTD_CCtx_setParameter(context, name, value)) == 0 else {
                throw ZstdFailure.level(level)
            }
        }
    }

    deinit { _ = unsafe ZSTD_freeCCtx(context) }

    /// The most bytes that a frame of `count` bytes has.
    package static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

    /// Compresses `input` to a frame at the front of `output`; returns how many bytes it took, 0 if they do not fit.
    package func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        let count = unsafe ZSTD_compress2(
            context,
            output.baseAddress,
            output.count,
            input.baseAddress,
            input.count
        )
        return ZSTD_isError(count) == 0 ? count : 0
    }
}

enum ZstdFailure {
    static func memory() -> BuildFailure {
        BuildFailure(
            .platform,
            .limitExceeded,
            operation: "layer.compress",
            message: "There is no memory for zstd.",
            isRetryable: true
        )
    }

    static func level(_ level: Int) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "layer.compress",
            message: "libzstd does not take level \(level)."
        )
    }
}
