/// One entry of a source tree. Paths are bytes: git does not promise UTF-8.
package struct TreeEntry: Sendable, Hashable {
    /// What an entry is, by its git mode.
    package enum Kind: Sendable, Hashable {
        case directory
        /// Mode 100644.
        case file
        /// Mode 100755.
        case executable
        /// Mode 120000; its content is the target.
        case symbolicLink
        /// Mode 160000: a commit of another repository, which has no content here.
        case submodule
    }

    package var kind: Kind
    /// The path relative to the tree's root, without a leading or trailing slash.
    package var path: [UInt8]
    /// The blob's, tree's or submodule commit's id.
    package var objectID: ObjectID
    /// The content's size in bytes; 0 for directories and submodules.
    package var size: Int64

    package init(kind: Kind, path: [UInt8], objectID: ObjectID, size: Int64) {
        self.kind = kind
        self.path = path
        self.objectID = objectID
        self.size = size
    }

    /// The path for people and for rules, with ill-formed UTF-8 replaced.
    package var displayPath: String { String(decoding: path, as: UTF8.self) }
}

/// What a walk does after an entry.
package enum WalkDirective: Sendable {
    case proceed
    /// Do not go into this directory.
    case skipDescendants
    case stop
}

/// The files of one directory of one revision, read straight from where they are kept.
///
/// Confined to the call it is handed to: it wraps handles that belong to one thread. All methods are synchronous and
/// may block on the disk, so callers run them off the cooperative pool. A tree never leads outside itself:
/// symbolic links are entries, not ways.
package protocol SourceTree {
    /// The git tree id of the root: equal ids mean equal content.
    var id: ObjectID { get }

    /// Visits every entry depth-first, in git's own order, a directory before what is in it.
    ///
    /// - Throws: what `visit` throws, or `BuildFailure` if an object is missing or damaged.
    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws

    /// As `walk`, for those who look at kinds and paths alone, which is several times as fast. The path is lent, as bytes; an
    /// executable may be told as a file where telling them apart would cost a look-up.
    func walkNames(_ visit: (TreeEntry.Kind, Span<UInt8>) throws -> WalkDirective) throws

    /// The entry at a slash-separated path, or nil.
    func entry(at path: String) throws -> TreeEntry?

    /// Lends the content of a file or symbolic link.
    ///
    /// - Parameter limit: the most bytes to read; a larger entry is a `BuildFailure` with code `limit_exceeded`.
    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result

    /// The bytes of the file at `path`, or nil if there is none; links are not followed.
    ///
    /// - Throws: `BuildFailure` with code `limit_exceeded` if it is larger than `limit` bytes.
    func bytes(at path: String, limit: Int64) throws -> [UInt8]?
}

extension SourceTree {
    package func walkNames(_ visit: (TreeEntry.Kind, Span<UInt8>) throws -> WalkDirective) throws {
        try walk { try visit($0.kind, $0.path.span) }
    }

    package func bytes(at path: String, limit: Int64) throws -> [UInt8]? {
        guard let entry = try entry(at: path), entry.kind == .file || entry.kind == .executable else { return nil }
        return try withContent(of: entry, limit: limit) { span in
            unsafe span.withUnsafeBytes { unsafe Array($0) }
        }
    }
}

extension String {
    /// A path as text; nil if it is no UTF-8.
    package init?(path: Span<UInt8>) {
        let text = unsafe path.withUnsafeBufferPointer { unsafe String(validating: $0, as: UTF8.self) }
        guard let text else { return nil }
        self = text
    }
}

extension [UInt8] {
    /// A copy of bytes that are lent.
    package init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }
}
