internal import BuildModel
internal import CGit2
internal import Platform

/// A revision with submodules as one repository: trees that have submodules' trees in their places, and beside them no object
/// of its own. All others are found where they are, in the mirrors (`objects/info/alternates`, gitrepository-layout(5)).
///
/// So whatever reads trees, hashes them or remembers layers by their ids knows nothing of submodules; and a mirror never shows
/// anybody the objects of another repository than its own.
struct JointRepository: Sendable {
    let path: String

    /// - Parameters:
    ///   - mirrors: of the revision's own repository and of its submodules, each with where it stands: which trees are found
    ///     through which others depends on that.
    ///   - directory: where mirrors are.
    init(of mirrors: [(mirror: Mirror, path: String)], in directory: String) {
        let name = Digest(of: mirrors.map { "\($0.mirror.path)\n\($0.path)\n" }.joined()).hex.prefix(32)
        path = "\(directory)/\(name)-joint.git"
    }

    var lockPath: String { "\(path.dropLast(4)).lock" }

    /// There when a reader found an object broken.
    private var damagedMark: String { "\(path)/slipway-damaged" }

    /// Makes the next fetch write all of it anew.
    func markDamaged() throws(BuildFailure) {
        if Directories.exists(path) { try Files.writeAtomically([], to: damagedMark) }
    }

    /// Puts trees in their places. The caller holds the lock.
    ///
    /// - Parameters:
    ///   - root: the whole tree of the revision's own repository.
    ///   - repositories: the git directories that have all the objects, themselves or through others.
    /// - Returns: the id of the tree that has them all.
    func join(_ parts: [TreePlace], to root: ObjectID, from repositories: [String]) throws -> ObjectID {
        // What was not made whole, or was found broken, has nothing that is not made again here.
        let isUsable = !Files.exists(damagedMark) && (try? Repository(opening: path)) != nil
        if !isUsable {
            if Directories.exists(path) { try Directories.remove(path) }
            _ = try Repository(creatingBareAt: path)
        }
        let objects = repositories.map { "\($0)/objects\n" }.joined()
        try Files.writeAtomically(Array(objects.utf8), to: "\(path)/objects/info/alternates")
        return try Repository(opening: path).graft(parts, onto: root)
    }
}

/// A tree and where it is to stand.
struct TreePlace: Sendable {
    var path: [Substring]
    var tree: ObjectID

    init(_ path: String, _ tree: ObjectID) {
        self.path = path.split(separator: "/")
        self.tree = tree
    }
}

extension Repository {
    /// Writes a tree that is another one but for what stands at some places.
    fileprivate func graft(_ parts: [TreePlace], onto id: ObjectID) throws -> ObjectID {
        let source = try openTree(id)
        var builder: OpaquePointer?
        try LibraryError.check(unsafe git_treebuilder_new(&builder, pointer, source.pointer))
        defer { unsafe git_treebuilder_free(builder) }
        for (name, group) in Dictionary(grouping: parts, by: { $0.path.first ?? "" }) {
            var form = try tree(at: String(name), of: group, in: source).libraryForm
            try LibraryError.check(unsafe git_treebuilder_insert(nil, builder, String(name), &form, GIT_FILEMODE_TREE))
        }
        var result = git_oid()
        try LibraryError.check(unsafe git_treebuilder_write(&result, builder))
        return ObjectID(result)
    }

    /// What a directory of `source` becomes.
    private func tree(at name: String, of group: [TreePlace], in source: OpenTree) throws -> ObjectID {
        if let whole = group.first(where: { $0.path.count == 1 }) { return whole.tree }
        guard let entry = unsafe git_tree_entry_byname(source.pointer, name), let id = unsafe git_tree_entry_id(entry)
        else { throw LibraryError(code: GIT_ENOTFOUND.rawValue) }
        let below = group.map { place in
            var place = place
            place.path.removeFirst()
            return place
        }
        return try graft(below, onto: unsafe ObjectID(id.pointee))
    }
}
