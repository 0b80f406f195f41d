package import BuildModel

/// A content, read from its front to its end.
package final class ContentParts: BlobParts {
    private let content: any BlobContent
    private var offset: Int64 = 0

    package init(_ content: any BlobContent) { self.content = content }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = try unsafe content.read(at: offset, into: rest)
            guard count > 0 else { break }
            filled += count
            offset += Int64(count)
        }
        return filled
    }
}
