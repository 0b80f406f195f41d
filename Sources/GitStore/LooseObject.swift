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

    func forEachPiece(size: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let header = Self.header(size)
        var passed = 0
        try unsafe stream.forEachPiece(at: 0, size: size + Int64(header.count)) { piece in
            let own = min(piece.count, header.count - passed)
            guard unsafe piece.prefix(own).elementsEqual(header[passed..<passed + own]) else { throw stream.damaged(0) }
            passed += own
            if piece.count > own { try unsafe body(UnsafeRawBufferPointer(rebasing: piece[own...])) }
        }
    }

    private static func header(_ size: Int64) -> [UInt8] { Array("blob \(size)\u{0}".utf8) }
}
