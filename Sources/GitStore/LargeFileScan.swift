internal import BuildModel
internal import Platform

/// Finds the files of a tree that are pointers of Git LFS, as git would: by `.gitattributes`, then by what they hold.
struct LargeFileScan {
    private let tree: ObjectTree
    private let known: ScannedTrees
    /// The directory that is built, relative to the top; what is beside it is nobody's.
    private let directory: [UInt8]
    private let cancelFlag: CancelFlag
    private let deadline: Deadline?

    /// What a build may have of them.
    static let mostFiles = 10_000
    private static let name = Array(".gitattributes".utf8)
    private static let maximumBytes: Int64 = 256 << 10
    private static let maximumAttributeFiles = 1000
    /// Of all attribute files together.
    private static let maximumTotal: Int64 = 4 << 20

    /// - Parameters:
    ///   - root: the whole tree of a repository.
    ///   - directory: without leading or trailing slashes; empty for all of it.
    ///   - known: what was found in trees, which are not looked through again.
    init(
        _ repository: Repository,
        root: ObjectID,
        directory: String,
        known: ScannedTrees,
        cancelFlag: CancelFlag,
        deadline: Deadline? = nil
    ) throws {
        tree = try ObjectTree(repository, root: root, maximumBlobBytes: Self.maximumBytes, cancelFlag: cancelFlag)
        self.known = known
        self.directory = Array(directory.utf8)
        self.cancelFlag = cancelFlag
        self.deadline = deadline
    }

    /// The files, in the order of the tree.
    ///
    /// - Throws: `BuildFailure` with code `limit_exceeded` for more than any project needs, `deadline_exceeded`, `cancelled`;
    ///   what the tree throws.
    func files() throws -> [LargeFile] {
        let name = String(decoding: directory, as: UTF8.self)
        if let files = known.files(of: tree.id, name) { return files }
        let found = try search()
        known.add(found, of: tree.id, name)
        return found
    }

    private func search() throws -> [LargeFile] {
        let attributes = try attributes()
        guard attributes.namesLargeFiles else { return [] }
        var found: [LargeFile] = []
        try tree.walkRecords { record, path in
            try check()
            let path = [UInt8](copying: path)
            switch record.kind {
            case .directory: return isOnTheWay(path) ? .proceed : .skipDescendants
            case .file, .executable: break
            case .symbolicLink, .submodule: return .proceed
            }
            guard isInside(path), try attributes.isLarge(path, check) else { return .proceed }
            let entry = try tree.entry(record.form, record.kind, path: path)
            guard entry.size < LargeFilePointer.maximumBytes, let pointer = try pointer(entry) else { return .proceed }
            found.append(LargeFile(path: path, pointer: pointer))
            guard found.count <= Self.mostFiles else { throw tooMany("\(Self.mostFiles) files of Git LFS") }
            return .proceed
        }
        return found
    }

    private func pointer(_ entry: TreeEntry) throws -> LargeFilePointer? {
        try tree.withContent(of: entry, limit: LargeFilePointer.maximumBytes) { content in
            LargeFilePointer(unsafe content.withUnsafeBytes { unsafe Array($0) })
        }
    }

    private func attributes() throws -> FilterAttributes {
        var attributes = FilterAttributes()
        // The top's comes first, whatever it is sorted behind.
        for entry in try attributeFiles().sorted(by: { $0.path.count < $1.path.count }) {
            let bytes = try tree.withContent(of: entry, limit: Self.maximumBytes) { content in
                unsafe content.withUnsafeBytes { unsafe Array($0) }
            }
            try attributes.add(bytes, in: Array(entry.path.dropLast(Self.name.count + 1)), check)
        }
        return attributes
    }

    private func attributeFiles() throws -> [TreeEntry] {
        var (entries, size): ([TreeEntry], Int64) = ([], 0)
        try tree.walkRecords { record, path in
            try check()
            let path = [UInt8](copying: path)
            if record.kind == .directory { return isOnTheWay(path) ? .proceed : .skipDescendants }
            guard record.kind == .file || record.kind == .executable, path.suffix(Self.name.count) == Self.name[...],
                path.count == Self.name.count || path[path.count - Self.name.count - 1] == UInt8(ascii: "/")
            else { return .proceed }
            let entry = try tree.entry(record.form, record.kind, path: path)
            entries.append(entry)
            size += entry.size
            guard entries.count <= Self.maximumAttributeFiles else {
                throw tooMany("\(Self.maximumAttributeFiles) files '.gitattributes'")
            }
            guard size <= Self.maximumTotal else { throw tooMany("\(Self.maximumTotal >> 20) MiB of '.gitattributes'") }
            return .proceed
        }
        return entries
    }

    /// Whether a directory is above the one that is built, that one, or in it.
    private func isOnTheWay(_ path: [UInt8]) -> Bool {
        let shorter = min(path.count, directory.count)
        return path.prefix(shorter) == directory.prefix(shorter)
            && (path.count == shorter || directory.isEmpty || path[shorter] == UInt8(ascii: "/"))
            && (directory.count == shorter || directory[shorter] == UInt8(ascii: "/"))
    }

    private func isInside(_ path: [UInt8]) -> Bool { path.count > directory.count && isOnTheWay(path) }

    /// Many lines and many files take their time.
    private func check() throws {
        try tree.checkCancellation()
        guard let deadline, deadline.hasPassed else { return }
        throw BuildFailure.timedOut(
            operation: "git.attributes",
            message: "Reading which files are in Git LFS took too long (git.timeoutSeconds); write fewer lines in"
                + " '.gitattributes'."
        )
    }

    private func tooMany(_ what: String) -> BuildFailure {
        BuildFailure(
            .code,
            .limitExceeded,
            operation: "git.attributes",
            message: "The revision has more than \(what), which is more than is read."
        )
    }
}
