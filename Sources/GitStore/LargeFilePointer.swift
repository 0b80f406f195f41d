internal import BuildModel

/// What git keeps in the place of a file of Git LFS: its specification, "The Pointer".
struct LargeFilePointer: Sendable, Hashable {
    /// The sha256 of the file's bytes, which is the object's id at the server.
    var digest: Digest
    /// In bytes.
    var size: Int64
    /// Whether programs have changed the bytes on the way, which would have to run again.
    var hasExtensions = false

    /// git-lfs looks at the first bytes of a file alone: what is not shorter is none.
    static let maximumBytes: Int64 = 1024
    private static let versions: Set<Substring> = [
        "https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1", "http://git-media.io/v/2",
    ]

    init(digest: Digest, size: Int64, hasExtensions: Bool) {
        self.digest = digest
        self.size = size
        self.hasExtensions = hasExtensions
    }

    /// - Returns: nil for what is no pointer; git-lfs leaves such a file as it is.
    init?(_ bytes: [UInt8]) {
        guard bytes.count < Self.maximumBytes, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var (digest, size): (Digest?, Int64?) = (nil, nil)
        for (number, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            guard let blank = line.firstIndex(of: " ") else { return nil }
            let value = line[line.index(after: blank)...]
            switch (number, line[..<blank]) {
            case (0, "version"): guard Self.versions.contains(value) else { return nil }
            case (1..., "oid") where digest == nil: digest = try? Digest(parsing: String(value))
            case (1..., "size") where size == nil && digest != nil: size = Int64(value)
            case (1..., let key) where key.hasPrefix("ext-") && digest == nil: hasExtensions = true
            default: return nil
            }
        }
        guard let digest, let size, size >= 0 else { return nil }
        (self.digest, self.size) = (digest, size)
    }
}

/// A file of a tree whose content is elsewhere.
struct LargeFile: Sendable, Hashable {
    /// Relative to the repository's top.
    var path: [UInt8]
    var pointer: LargeFilePointer

    /// For people.
    var shown: String { LibraryError.cleaned(String(decoding: path, as: UTF8.self)) }
}
