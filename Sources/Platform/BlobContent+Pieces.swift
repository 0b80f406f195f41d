package import BuildModel

extension BlobContent {
    /// Lends a range of the bytes piece by piece.
    ///
    /// - Throws: `BuildFailure` with code `corrupted` if the content ends before the range; what `body` throws.
    package func forEachPiece(_ range: Range<Int64>, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(range.count, 1 << 20), alignment: 16)
        defer { unsafe buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let size = min(buffer.count, Int(range.upperBound - offset))
            let count = try unsafe read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<size]))
            guard count > 0 else {
                throw BuildFailure(
                    .platform,
                    .corrupted,
                    operation: "content.read",
                    message: "A content of \(size) bytes ended after \(offset)."
                )
            }
            try unsafe body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
    }
}
