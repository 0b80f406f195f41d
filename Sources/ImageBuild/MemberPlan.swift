internal import BuildModel
internal import Platform

/// What one member is made of, before any file is read. Confined to the thread that writes the layer.
struct MemberPlan {
    private enum Piece {
        case bytes([UInt8])
        /// A part of a file's content.
        case content(TreeEntry, Range<Int>, any SourceTree)
    }

    private var pieces: [Piece] = []
    /// Bytes of tar.
    private(set) var size = 0

    /// Adds headers, padding and other bytes that are at hand.
    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        pieces.append(.bytes(bytes))
        size += bytes.count
    }

    /// Adds a part of a file that is read when it is needed.
    mutating func append(_ range: Range<Int>, of entry: TreeEntry, in tree: any SourceTree) {
        guard !range.isEmpty else { return }
        pieces.append(.content(entry, range, tree))
        size += range.count
    }

    /// sha256 of everything that determines the member: the codec, the bytes at hand, and the files by their ids.
    func key(codec: String) -> Digest {
        let hasher = SHA256Hasher()
        hasher.update(Array("\(codec)\n".utf8))
        for piece in pieces {
            switch piece {
            case .bytes(let bytes):
                hasher.update(Array("bytes \(bytes.count)\n".utf8))
                hasher.update(bytes)
            case .content(let entry, let range, _):
                hasher.update(Array("object \(entry.objectID.hex) \(range.lowerBound) \(range.upperBound)\n".utf8))
            }
        }
        return hasher.finalize()
    }

    /// The tar's bytes; reads the files.
    func bytes() throws -> [UInt8] {
        var tar: [UInt8] = []
        tar.reserveCapacity(size)
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): tar.append(contentsOf: bytes)
            case .content(let entry, let range, let tree):
                try tree.withContent(of: entry, limit: entry.size) { content in
                    try MemberPlan.append(content, range, of: entry, to: &tar)
                }
            }
        }
        return tar
    }

    /// The tar's bytes, where all content is that of one file which is at hand.
    func bytes(from content: RawSpan) throws(BuildFailure) -> [UInt8] {
        var tar: [UInt8] = []
        tar.reserveCapacity(size)
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): tar.append(contentsOf: bytes)
            case .content(let entry, let range, _): try MemberPlan.append(content, range, of: entry, to: &tar)
            }
        }
        return tar
    }

    private static func append(
        _ content: RawSpan,
        _ range: Range<Int>,
        of entry: TreeEntry,
        to tar: inout [UInt8]
    ) throws(BuildFailure) {
        // The header has said another size by now.
        guard content.byteCount == Int(entry.size) else {
            throw LayerFailure.changed(entry.path, promised: entry.size, size: content.byteCount)
        }
        let part = content.extracting(range)
        unsafe part.withUnsafeBytes { buffer in unsafe tar.append(contentsOf: buffer) }
    }
}
