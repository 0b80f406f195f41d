internal import BuildModel

/// Pointers of Git LFS that an image would have in the places of files: git-lfs, specification, "The Pointer".
///
/// Told by what they hold, whatever pattern was to cover them: what was fetched is no pointer any more.
struct RemainingPointers {
    private(set) var count = 0
    /// The path of the first in the tree.
    private(set) var first: [UInt8] = []

    /// git-lfs looks at the first bytes of a file alone: what is not shorter is none.
    private static let maximumBytes: Int64 = 1024
    /// An object id of 64 digits and the words around it take more than 100.
    private static let sizes: Range<Int64> = 100..<maximumBytes
    private static let beginnings = [
        "version https://git-lfs.github.com/spec/", "version https://hawser.github.com/spec/",
        "version http://git-media.io/v/",
    ].map { Array($0.utf8) }
    private static let object = Array("\noid sha256:".utf8)

    /// Looks through the files that the ignore rules let in.
    ///
    /// - Throws: what the tree throws.
    init(in tree: any SourceTree, _ rules: IgnoreRules) throws {
        try tree.walk { entry in
            if rules.keepsOut(entry.path, {}) {
                return entry.kind == .directory && !rules.letsBackIn ? .skipDescendants : .proceed
            }
            guard entry.kind == .file || entry.kind == .executable, Self.sizes.contains(entry.size),
                try tree.withContent(of: entry, limit: Self.maximumBytes, Self.isPointer)
            else { return .proceed }
            if count == 0 { first = entry.path }
            count += 1
            return .proceed
        }
    }

    private static func isPointer(_ content: RawSpan) -> Bool {
        let bytes = unsafe content.withUnsafeBytes { unsafe Array($0) }
        return beginnings.contains { bytes.starts(with: $0) } && bytes.firstRange(of: object) != nil
    }

    /// What is said of them; nil if there are none.
    var note: String? {
        guard count > 0 else { return nil }
        let shown = LayerFailure.shown(first)
        return count == 1
            ? "the image has the pointer '\(shown)', not the file that is in Git LFS"
            : "the image has \(count) pointers, not the files that are in Git LFS, the first '\(shown)'"
    }
}
