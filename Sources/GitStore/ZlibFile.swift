internal import BuildModel
internal import Compression
internal import Platform

/// zlib streams in a file: one for each object of a pack, one in all for a loose object.
struct ZlibFile: Sendable {
    /// Ids in trees do not compress, so that most would be inflated twice.
    private static let small = 32 << 10

    let path: String
    let file: FileContent

    init(_ path: String) throws(BuildFailure) {
        self.path = path
        file = try FileContent(path: path)
    }

    /// Inflates the stream at `offset`, which makes exactly `output.count` bytes.
    ///
    /// What a stream takes is not written anywhere: the first attempt reads what most streams take, which is not worth it for a small
    /// one, the second all that a sensible one could, and the last, for streams that nobody writes, goes piece by piece.
    func inflate(
        at offset: Int64,
        with inflater: Inflater,
        into output: UnsafeMutableRawBufferPointer
    ) throws {
        let counts = [output.count * 5 / 8 + 256, output.count + output.count / 1000 + 64]
        for count in counts.dropFirst(output.count <= Self.small ? 1 : 0) {
            let input = try bytes(at: offset, count: count)
            let read = unsafe input.withUnsafeBytes { unsafe inflater.inflate($0, .zlib, into: output) }
            if read != nil { return }
        }
        _ = try unsafe ZlibParts(self, at: offset, size: Int64(output.count)).read(into: output)
    }

    /// Up to `count` bytes from `offset` on; fewer at the end, but one at least.
    func bytes(at offset: Int64, count: Int) throws(BuildFailure) -> [UInt8] {
        let count = Int(min(Int64(count), file.size - offset))
        guard offset >= 0, count > 0 else { throw damaged(offset) }
        var failure: BuildFailure?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let buffer = UnsafeMutableRawBufferPointer(buffer)
            do throws(BuildFailure) {
                while filled < count {
                    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<count])
                    let read = try unsafe file.read(at: offset + Int64(filled), into: rest)
                    guard read > 0 else { break }
                    filled += read
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    func damaged(_ offset: Int64) -> BuildFailure {
        .damaged("'\(path)'", cause: "the object at \(offset) is not what its header says")
    }
}
