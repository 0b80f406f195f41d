internal import BuildModel
internal import Platform

/// The content of a file on disk, which nobody writes to any more. Without an identity: its members are not kept.
struct FileEntryContent: EntryContent {
    private static let pieceSize = 256 << 10

    /// In the image, for the error.
    let path: [UInt8]
    let file: FileContent
    let reads: ReadCount

    var size: Int64 { file.size }
    var identity: String { "" }

    /// All of it.
    func bytes() throws(BuildFailure) -> [UInt8] {
        let bytes = try Files.bytes(of: file)
        guard bytes.count == size else { throw LayerFailure.changed(path, promised: size) }
        reads.add(bytes.count)
        return bytes
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        var filled = 0
        while filled < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = try unsafe file.read(at: Int64(filled), into: rest)
            guard count > 0 else { throw LayerFailure.changed(path, promised: size) }
            filled += count
            reads.add(count)
        }
    }

    func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 64)
        defer { unsafe room.deallocate() }
        var offset: Int64 = 0
        while offset < size {
            let wanted = Int(min(Int64(room.count), size - offset))
            let count = try unsafe file.read(
                at: offset,
                into: UnsafeMutableRawBufferPointer(rebasing: room[..<wanted])
            )
            guard count > 0 else { throw LayerFailure.changed(path, promised: size) }
            reads.add(count)
            try unsafe body(UnsafeRawBufferPointer(rebasing: room[..<count]))
            offset += Int64(count)
        }
    }
}
