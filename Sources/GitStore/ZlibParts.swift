internal import BuildModel
internal import Compression

/// A zlib stream of a file, inflated from its front as far as somebody asks. Confined to one thread at a time.
final class ZlibParts: BlobParts {
    private static let inputSize = 128 << 10

    private let source: ZlibFile
    private let stream: InflateStream
    private let start: Int64
    private var offset: Int64
    private var input: ArraySlice<UInt8> = []
    /// Bytes that are still to come.
    private var rest: Int64

    /// - Parameters:
    ///   - start: where the stream begins in the file.
    ///   - size: what it makes.
    init(_ source: ZlibFile, at start: Int64, size: Int64) throws(BuildFailure) {
        stream = try InflateStream()
        self.source = source
        self.start = start
        offset = start
        rest = size
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = Int(min(Int64(buffer.count), rest))
        var filled = 0
        while filled < count {
            filled += try unsafe inflate(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<count]))
        }
        rest -= Int64(count)
        if rest == 0 { try expectEnd() }
        return count
    }

    /// Some bytes; none where the stream had to be read further first.
    private func inflate(into output: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
        guard !stream.isAtEnd else { throw source.damaged(start) }
        if input.isEmpty {
            input = try source.bytes(at: offset, count: Self.inputSize)[...]
            offset += Int64(input.count)
        }
        let step = unsafe input.withUnsafeBytes { unsafe stream.inflate($0, into: output) }
        guard let step, step.read + step.written > 0 || stream.isAtEnd else { throw source.damaged(start) }
        input = input.dropFirst(step.read)
        return step.written
    }

    /// The checksum behind the last byte is read, and nothing else may come before it.
    private func expectEnd() throws(BuildFailure) {
        var extra: UInt8 = 0
        while !stream.isAtEnd {
            let count = try unsafe withUnsafeMutableBytes(of: &extra) { byte throws(BuildFailure) in
                try unsafe inflate(into: byte)
            }
            guard count == 0 else { throw source.damaged(start) }
        }
    }
}
