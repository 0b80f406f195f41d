internal import Glibc

extension UnsafeRawBufferPointer {
    /// Where a byte stands first, at or after an offset; nil if it does not: memchr(3), which looks at many bytes at once.
    ///
    /// - Parameters:
    ///   - start: 0 to the count.
    ///   - end: where looking ends; the count if it is not said.
    package func offset(of byte: UInt8, from start: Int, to end: Int? = nil) -> Int? {
        let end = Swift.min(end ?? count, count)
        guard start >= 0, start < end, let base = baseAddress else { return nil }
        return unsafe memchr(base + start, Int32(byte), end - start).map { unsafe UnsafeRawPointer($0) - base }
    }
}
