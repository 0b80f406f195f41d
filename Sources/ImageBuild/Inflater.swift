internal import BuildModel
internal import CDeflate
internal import Synchronization

/// A libdeflate decompressor for whole gzip members.
///
/// Owns a `libdeflate_decompressor`; freed with the last reference. `@unchecked Sendable` is sound: whoever uses one has
/// taken it out of an `InflaterStock`, which lends it to one thread at a time.
@safe
final class Inflater: @unchecked Sendable {
    private let decompressor: OpaquePointer

    init() throws(BuildFailure) {
        guard let decompressor = unsafe libdeflate_alloc_decompressor() else {
            throw BuildFailure(
                .platform,
                .limitExceeded,
                operation: "layer.compress",
                message: "There is no memory for a decompressor.",
                isRetryable: true
            )
        }
        unsafe self.decompressor = decompressor
    }

    deinit { unsafe libdeflate_free_decompressor(decompressor) }

    /// The bytes of one gzip member; nil if it is damaged, is not alone, or has another size than `size`.
    func inflate(_ member: [UInt8], size: Int) -> [UInt8]? {
        var isWhole = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            var (read, written) = (0, 0)
            let result = unsafe member.withUnsafeBytes { input in
                unsafe libdeflate_gzip_decompress_ex(
                    decompressor,
                    input.baseAddress,
                    input.count,
                    buffer.baseAddress,
                    size,
                    &read,
                    &written
                )
            }
            isWhole = result == LIBDEFLATE_SUCCESS && read == member.count && written == size
            count = isWhole ? size : 0
        }
        return isWhole ? bytes : nil
    }
}

/// Decompressors that are not in use.
final class InflaterStock: Sendable {
    private let idle = Mutex<[Inflater]>([])

    /// Lends a decompressor to `body`, which has it to itself.
    func withInflater<Value>(_ body: (Inflater) -> Value) throws(BuildFailure) -> Value {
        let inflater: Inflater
        if let used = idle.withLock({ $0.popLast() }) {
            inflater = used
        } else {
            inflater = try Inflater()
        }
        defer { idle.withLock { $0.append(inflater) } }
        return body(inflater)
    }
}
