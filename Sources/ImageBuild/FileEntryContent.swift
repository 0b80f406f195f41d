internal import BuildModel
internal import Platform

/// The content of a file on disk, which nobody writes to any more. Without an identity: its members are not kept.
struct FileEntryContent: EntryContent {
    /// In the image, for the error.
    let path: [UInt8]
    let file: FileContent
    let reads: ReadCount

    var size: Int64 { file.size }
    var identity: String { "" }
    var isFasterWhole: Bool { false }

    /// All of it.
    func bytes() throws(BuildFailure) -> [UInt8] {
        let bytes = try Files.bytes(of: file)
        guard bytes.count == size else { throw LayerFailure.changed(path, promised: size) }
        reads.add(bytes.count)
        return bytes
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws { try unsafe parts().read(into: buffer) }

    func parts() -> EntryParts { EntryParts(ContentParts(file), path: path, size: size, reads: reads) }
}
