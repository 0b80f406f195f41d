internal import BuildModel
internal import Platform

/// Objects that are too large to be held whole: deltas among them are put together in files without names.
extension Pack {
    private static let maximumLargeChain = 60

    /// The object at an offset from its front.
    func parts(at offset: Int64, size: Int64, _ limits: ReadLimits) throws -> any BlobParts {
        let entry = try entry(at: offset)
        if try base(of: entry, at: offset) == nil {
            guard entry.size == size else { throw stream.damaged(offset) }
            return try ZlibParts(stream, at: entry.dataOffset, size: size)
        }
        let content = try spool(at: offset, limits)
        guard content.size == size else { throw stream.damaged(offset) }
        return ContentParts(content)
    }

    /// The object at an offset, in a file without a name. Two of them and a delta are there at a time.
    func spool(at offset: Int64, _ limits: ReadLimits) throws -> SpoolFile {
        var deltas: [PackEntry] = []
        var place = offset
        var entry = try entry(at: place)
        while let base = try base(of: entry, at: place) {
            guard deltas.count < Self.maximumLargeChain else { throw stream.damaged(offset) }
            deltas.append(entry)
            place = base
            entry = try self.entry(at: place)
        }
        try limits.check(baseSize: entry.size)
        var content = try SpoolFile(in: Directories.temporary)
        try unsafe ZlibParts(stream, at: entry.dataOffset, size: entry.size).forEachPiece { piece in
            try limits.checkCancellation()
            try unsafe content.append(piece)
        }
        while let delta = deltas.popLast() { content = try apply(delta, to: content, at: offset, limits) }
        return content
    }

    private func apply(
        _ entry: PackEntry,
        to source: SpoolFile,
        at offset: Int64,
        _ limits: ReadLimits
    ) throws -> SpoolFile {
        let output = try SpoolFile(in: Directories.temporary)
        let delta = try content(of: entry)
        let isWhole = try unsafe delta.withUnsafeBytes { delta -> Bool in
            guard let patch = unsafe DeltaPatch(delta), patch.baseSize == source.size else { return false }
            try limits.check(baseSize: patch.resultSize)
            return try patch.forEachPiece { piece in
                try limits.checkCancellation()
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
