internal import BuildModel
internal import Documents

/// A tree as rules see it: listed no deeper than somebody asks, files read once, everything bounded. Confined to the call that
/// detects, as the tree is.
final class TreeView {
    /// Bytes of a manifest at most; larger ones are somebody's mistake or attack.
    static let manifestLimit: Int64 = 1 << 20
    /// Bytes that are read of all files together, at most.
    static let totalLimit = 64 << 20
    private static let largestWithLines: Int64 = 16 << 20
    /// Levels that are listed from the start.
    private static let firstDepth = 3

    let tree: any SourceTree
    private let ignore: Set<String>
    private var listing: TreeListing
    private var documents: [String: Result<YAMLNode, BuildFailure>] = [:]
    private var contents: [String: Result<[UInt8], BuildFailure>] = [:]
    private var beginnings: [String: [UInt8]] = [:]
    private var formed: [LinePredicate.Form: [String: Result<[UInt8], BuildFailure>]] = [:]
    private var kinds: [String: TreeEntry.Kind?] = [:]
    private var bytesRead = 0

    /// - Parameter ignore: names of directories that are not listed.
    init(_ tree: any SourceTree, ignore: Set<String>) throws {
        self.tree = tree
        self.ignore = ignore
        listing = try TreeListing(tree, depth: Self.firstDepth, ignore: ignore)
    }

    /// Paths of regular files of the upper levels, sorted by their bytes.
    var files: PathList { listing.files }
    var others: [String] { listing.others }
    var isTruncated: Bool { listing.isTruncated }

    /// The kinds of what is in the root, by name.
    var top: [String: TreeEntry.Kind] { listing.top }

    /// Files that match, in the order of their bytes.
    func matches(_ pattern: GlobPattern, ignore: Set<String>) throws -> some Sequence<String> {
        let depth = pattern.depth ?? TreeListing.anyDepth
        if depth > listing.depth {
            listing = try TreeListing(tree, depth: max(depth, TreeListing.anyDepth), ignore: self.ignore)
        }
        return listing.matches(pattern, ignore: ignore)
    }

    func kind(at path: String) throws -> TreeEntry.Kind? {
        if !path.utf8.contains(UInt8(ascii: "/")), !isTruncated { return listing.top[path] }
        if let known = kinds[path] { return known }
        let kind = try tree.entry(at: path)?.kind
        kinds[path] = .some(kind)
        return kind
    }

    func isFile(_ path: String) throws -> Bool {
        switch try kind(at: path) {
        case .file, .executable: true
        default: false
        }
    }

    /// The bytes of a regular file, or why they cannot be had.
    func content(_ path: String) throws -> Result<[UInt8], BuildFailure> {
        if let known = contents[path] { return known }
        let result: Result<[UInt8], BuildFailure>
        do {
            guard bytesRead <= Self.totalLimit else {
                throw BuildFailure.plan(
                    .limitExceeded,
                    "The files that say what this is have more than 64 MiB together."
                )
            }
            let bytes = try tree.bytes(at: path, limit: Self.manifestLimit) ?? []
            bytesRead += bytes.count
            result = .success(bytes)
        } catch let failure as BuildFailure where failure.code == .limitExceeded {
            let limit = Self.manifestLimit >> 20
            result = .failure(
                .plan(.limitExceeded, "\(path) is larger than the \(limit) MiB that are read of such a file.")
            )
        }
        contents[path] = result
        return result
    }

    /// The same, looked at in a form. A line has the number that it has in the file.
    func lines(_ path: String, as form: LinePredicate.Form) throws -> Result<[UInt8], BuildFailure> {
        guard form != .written else { return try lines(path) }
        if let known = formed[form]?[path] { return known }
        let lines = try lines(path).map { bytes in
            if form == .unfolded { return Instructions.unfolded(bytes) }
            return LockedPackages(path)?.lines(bytes) ?? TextLines.packed(bytes)
        }
        formed[form, default: [:]][path] = lines
        return lines
    }

    /// The bytes of a regular file for looking at its lines: of one that is larger than a manifest may be, such as a lock file or what a
    /// generator wrote, the whole lines that it begins with; nothing of one that is so large that nobody wrote it.
    func lines(_ path: String) throws -> Result<[UInt8], BuildFailure> {
        if let known = beginnings[path] { return .success(known) }
        let result = try content(path)
        guard case .failure(let failure) = result, failure.code == .limitExceeded, bytesRead <= Self.totalLimit else {
            return result
        }
        var bytes: [UInt8] = []
        do {
            bytes = try tree.bytes(at: path, limit: Self.largestWithLines) ?? []
        } catch let failure as BuildFailure where failure.code == .limitExceeded {}
        bytesRead += bytes.count
        bytes = Array(bytes.prefix(Int(Self.manifestLimit)))
        if let end = bytes.lastIndex(of: UInt8(ascii: "\n")) { bytes.removeSubrange(end...) }
        beginnings[path] = bytes
        return .success(bytes)
    }

    /// A file with values as nodes, or why it is none.
    func document(_ path: String) throws -> Result<YAMLNode, BuildFailure> {
        if let known = documents[path] { return known }
        let result = try content(path).flatMap { bytes in DataFormat(path)?.parse(bytes, path: path) ?? .success(.empty)
        }
        documents[path] = result
        return result
    }
}

extension YAMLNode {
    /// A map with nothing in it.
    static let empty = YAMLNode(content: .mapping([]), line: 1, column: 1)
}
