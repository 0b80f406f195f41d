internal import BuildModel
internal import Compression
internal import Platform

/// A blob that has a file of its own: gitformat-loose(5), a zlib stream of `blob <size>`, a NUL and the content.
struct LooseObject {
    private let stream: ZlibFile

    /// nil if there is no such file.
    init?(_ id: ObjectID, in objects: String) throws(BuildFailure) {
        let path = "\(objects)/\(id.hex.prefix(2))/\(id.hex.dropFirst(2))"
        guard Files.exists(path) else { return nil }
        stream = try ZlibFile(path)
    }

    func read(into output: UnsafeMutableRawBufferPointer, with inflaters: Stock<Inflater>) throws {
        let header = Self.header(Int64(output.count))
        let whole = UnsafeMutableRawBufferPointer.allocate(byteCount: header.count + output.count, alignment: 16)
        defer { unsafe whole.deallocate() }
        try inflaters.lend { inflater in
            Result { try unsafe stream.inflate(at: 0, with: inflater, into: whole) }
        }.get()
        guard unsafe whole.prefix(header.count).elementsEqual(header) else { throw stream.damaged(0) }
        unsafe output.copyMemory(from: UnsafeRawBufferPointer(rebasing: whole[header.count...]))
    }

    /// The content from its front.
    func parts(size: Int64) throws -> ZlibParts {
        let expected = Self.header(size)
        let parts = try ZlibParts(stream, at: 0, size: size + Int64(expected.count))
        var header = [UInt8](repeating: 0, count: expected.count)
        _ = try unsafe header.withUnsafeMutableBytes { try unsafe parts.read(into: $0) }
        guard header == expected else { throw stream.damaged(0) }
        return parts
    }

    private static func header(_ size: Int64) -> [UInt8] { Array("blob \(size)\u{0}".utf8) }
}
