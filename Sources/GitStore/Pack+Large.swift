internal import BuildModel
internal import Platform

/// Objects that are too large to be held whole: deltas among them are put together in files without names.
extension Pack {
    private static let maximumLargeChain = 60

    /// Lends the object at an offset piece by piece.
    func forEachPiece(at offset: Int64, size: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let entry = try entry(at: offset)
        if try base(of: entry, at: offset) == nil {
            guard entry.size == size else { throw stream.damaged(offset) }
            return try unsafe stream.forEachPiece(at: entry.dataOffset, size: size, body)
        }
        let content = try spool(at: offset)
        guard content.size == size else { throw stream.damaged(offset) }
        try unsafe content.forEachPiece(0..<size, body)
    }

    /// The object at an offset, in a file without a name.
    func spool(at offset: Int64, depth: Int = 0) throws -> SpoolFile {
        let entry = try entry(at: offset)
        let output = try SpoolFile(in: Directories.temporary)
        guard let base = try base(of: entry, at: offset) else {
            try unsafe stream.forEachPiece(at: entry.dataOffset, size: entry.size) { try unsafe output.append($0) }
            return output
        }
        guard depth < Self.maximumLargeChain else { throw stream.damaged(offset) }
        let source = try spool(at: base, depth: depth + 1)
        let delta = try content(of: entry)
        let isWhole = try unsafe delta.withUnsafeBytes { delta -> Bool in
            guard let patch = unsafe DeltaPatch(delta), patch.baseSize == source.size else { return false }
            return try patch.forEachPiece { piece in
                switch piece {
                case .literal(let bytes): try unsafe output.append(bytes)
                case .base(let offset, let count):
                    let range = Int64(offset)..<Int64(offset + count)
                    try unsafe source.forEachPiece(range) { try unsafe output.append($0) }
                }
            }
        }
        guard isWhole else { throw stream.damaged(offset) }
        return output
    }
}
