internal import BuildModel
internal import Platform

/// What one member is made of, before any content is read: headers and padding, and where contents go between them.
struct MemberPlan: Sendable {
    private enum Piece: Sendable {
        /// A range of `head`.
        case head(Range<Int>)
        /// A part of a content.
        case content(any EntryContent, Range<Int64>)
    }

    private var head: [UInt8] = []
    private var pieces: [Piece] = []
    /// Whether every content has an identity.
    private var isNamed = true
    /// Bytes of tar.
    private(set) var size = 0

    /// Adds the header of an entry, after extended ones if it needs them.
    mutating func append(headerOf entry: TarEntry) {
        append { TarEncoder.append(headerOf: entry, to: &$0) }
    }

    /// Adds the zeros that fill the last block of a content.
    mutating func append(paddingAfter size: Int64) {
        append { TarEncoder.append(paddingAfter: size, to: &$0) }
    }

    /// Adds bytes that are at hand.
    mutating func append(_ bytes: [UInt8]) {
        append { $0.append(contentsOf: bytes) }
    }

    /// Adds a part of a content that is read when it is needed.
    mutating func append(_ range: Range<Int64>, of content: any EntryContent) {
        guard !range.isEmpty else { return }
        pieces.append(.content(content, range))
        isNamed = isNamed && !content.identity.isEmpty
        size += range.count
    }

    private mutating func append(_ write: (inout [UInt8]) -> Void) {
        let start = head.count
        write(&head)
        guard head.count > start else { return }
        size += head.count - start
        if case .head(let range) = pieces.last, range.upperBound == start {
            pieces[pieces.count - 1] = .head(range.lowerBound..<head.count)
        } else {
            pieces.append(.head(start..<head.count))
        }
    }

    /// sha256 of everything that determines the member: the codec, the bytes at hand, and the contents by their identities.
    /// nil if a content has none.
    func key(codec: String) -> Digest? {
        guard isNamed else { return nil }
        let hasher = SHA256Hasher()
        var text = "\(codec)\n"
        for piece in pieces {
            switch piece {
            case .head(let range): text += "bytes \(range.count)\n"
            case .content(let content, let range):
                text += "object \(content.identity) \(range.lowerBound) \(range.upperBound)\n"
            }
        }
        hasher.update(Array(text.utf8))
        hasher.update(head)
        return hasher.finalize()
    }

    /// The tar's bytes; reads the contents.
    func bytes() throws -> [UInt8] {
        try unsafe fill { content, range, target in
            if range.count == content.size { return try unsafe content.read(into: target) }
            try unsafe Self.read(range, of: content, into: target)
        }
    }

    /// The tar's bytes, where the only content is a part of a large one.
    func bytes(with part: Int, of content: LargeContent) throws -> [UInt8] {
        try unsafe fill { _, _, target in try unsafe content.read(part, into: target) }
    }

    private func fill(
        _ read: (any EntryContent, Range<Int64>, UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> [UInt8] {
        var failure: (any Error)?
        let tar = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            var rest = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: size)
            do {
                for piece in pieces {
                    switch piece {
                    case .head(let range):
                        unsafe rest.copyBytes(from: head[range])
                        unsafe rest = UnsafeMutableRawBufferPointer(rebasing: rest[range.count...])
                    case .content(let content, let range):
                        try unsafe read(content, range, UnsafeMutableRawBufferPointer(rebasing: rest[..<range.count]))
                        unsafe rest = UnsafeMutableRawBufferPointer(rebasing: rest[range.count...])
                    }
                }
                count = size
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return tar
    }

    /// A part of a content that is only handed out from its front.
    private static func read(
        _ range: Range<Int64>,
        of content: any EntryContent,
        into target: UnsafeMutableRawBufferPointer
    ) throws {
        let parts = try content.parts()
        try parts.skip(range.lowerBound)
        try unsafe parts.read(into: target)
    }
}
