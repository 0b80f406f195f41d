internal import BuildModel
internal import CGit2
internal import Platform

/// A repository with trees of its own, that have in some places what others have there: submodules' trees, and files of Git LFS.
/// All other objects are found where they are, in the mirrors (`objects/info/alternates`, gitrepository-layout(5)).
///
/// So whatever reads trees, hashes them or remembers layers by their ids knows nothing of submodules; and a mirror never shows
/// anybody the objects of another repository than its own.
struct JointRepository: Sendable {
    let path: String

    /// - Parameter path: of a directory whose name ends with `.git`.
    init(at path: String) { self.path = path }

    /// Of a revision with submodules.
    ///
    /// - Parameters:
    ///   - parts: the git directories of the revision's own repository and of its submodules, each with where it stands: which
    ///     trees are found through which others depends on that.
    ///   - directory: where mirrors are.
    init(of parts: [(repository: String, path: String)], in directory: String) {
        let name = Digest(of: parts.map { "\($0.repository)\n\($0.path)\n" }.joined()).hex.prefix(32)
        path = "\(directory)/\(name)-joint.git"
    }

    var lockPath: String { "\(path.dropLast(4)).lock" }

    /// There when a reader found an object broken.
    private var damagedMark: String { "\(path)/slipway-damaged" }

    /// Makes the next fetch write all of it anew.
    func markDamaged() throws(BuildFailure) {
        if Directories.exists(path) { try Files.writeAtomically([], to: damagedMark) }
    }

    /// Opens it, or makes it. The caller holds the lock.
    ///
    /// - Parameter sources: the git directories that have all the objects, themselves or through others.
    func open(over sources: [String]) throws -> Repository {
        // What was not made whole, or was found broken, has nothing that is not made again here.
        let isUsable = !Files.exists(damagedMark) && (try? Repository(opening: path)) != nil
        if !isUsable {
            if Directories.exists(path) { try Directories.remove(path) }
            _ = try Repository(creatingBareAt: path)
        }
        let objects = sources.map { "\($0)/objects\n" }.joined()
        try Files.writeAtomically(Array(objects.utf8), to: "\(path)/objects/info/alternates")
        return try Repository(opening: path)
    }
}

/// What is to stand in one place of a tree.
struct TreePlace: Sendable {
    /// Names on the way, each terminated by NUL.
    fileprivate var path: ArraySlice<[CChar]>
    fileprivate let object: ObjectID
    fileprivate let isTree: Bool

    /// A tree in the place of a directory or a submodule.
    init(_ path: String, tree: ObjectID) { self.init(Array(path.utf8), tree, isTree: true) }

    /// A blob in the place of a file, whose mode stays.
    init(_ path: [UInt8], blob: ObjectID) { self.init(path, blob, isTree: false) }

    private init(_ path: [UInt8], _ object: ObjectID, isTree: Bool) {
        let names = path.split(separator: UInt8(ascii: "/")).map { $0.map { CChar(bitPattern: $0) } + [0] }
        self.path = names[...]
        self.object = object
        self.isTree = isTree
    }
}

extension Repository {
    /// Writes a tree that is another one but for what stands at some places.
    func graft(_ parts: [TreePlace], onto id: ObjectID) throws -> ObjectID {
        let source = try openTree(id)
        var builder: OpaquePointer?
        try LibraryError.check(unsafe git_treebuilder_new(&builder, pointer, source.pointer))
        defer { unsafe git_treebuilder_free(builder) }
        for (name, group) in Dictionary(grouping: parts, by: { $0.path.first ?? [0] }) {
            let (object, mode) = try entry(at: name, of: group, in: source)
            var form = object.libraryForm
            try LibraryError.check(unsafe git_treebuilder_insert(nil, builder, name, &form, mode))
        }
        var result = git_oid()
        try LibraryError.check(unsafe git_treebuilder_write(&result, builder))
        return ObjectID(result)
    }

    /// What an entry of `source` becomes.
    private func entry(
        at name: [CChar],
        of group: [TreePlace],
        in source: OpenTree
    ) throws -> (ObjectID, git_filemode_t) {
        let whole = group.first { $0.path.count == 1 }
        if let whole, whole.isTree { return (whole.object, GIT_FILEMODE_TREE) }
        guard let entry = unsafe git_tree_entry_byname(source.pointer, name), let id = unsafe git_tree_entry_id(entry)
        else { throw LibraryError(code: GIT_ENOTFOUND.rawValue) }
        if let whole { return (whole.object, unsafe git_tree_entry_filemode(entry)) }
        let below = group.map { place in
            var place = place
            place.path.removeFirst()
            return place
        }
        return (try graft(below, onto: unsafe ObjectID(id.pointee)), GIT_FILEMODE_TREE)
    }
}
