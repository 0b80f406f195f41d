internal import BuildModel
internal import CGit2
internal import Glibc

/// An open tree object and how far a walk has come in it.
@safe
final class OpenTree {
    let pointer: OpaquePointer
    let count: Int
    /// Bytes of the object.
    let size: Int
    /// The path of the tree with a trailing slash; empty for the root.
    let prefix: [UInt8]
    var next = 0

    init(owning pointer: OpaquePointer, size: Int, prefix: [UInt8]) {
        unsafe self.pointer = pointer
        self.size = size
        self.prefix = prefix
        count = unsafe git_tree_entrycount(pointer)
    }

    deinit { unsafe git_tree_free(pointer) }
}

extension Repository {
    /// Opens a tree object, unless it is too large.
    func openTree(_ id: ObjectID, prefix: [UInt8] = []) throws -> OpenTree {
        let size = try size(of: id, GIT_OBJECT_TREE)
        var tree: OpaquePointer?
        var form = id.libraryForm
        try LibraryError.check(unsafe git_tree_lookup(&tree, pointer, &form))
        guard let tree = unsafe tree else { throw LibraryError(code: GIT_ERROR.rawValue) }
        return unsafe OpenTree(owning: tree, size: size, prefix: prefix)
    }
}

extension ObjectTree {
    /// Deeper trees, longer paths and more entries than any real source has: a few objects can describe an endless tree.
    private static let maximumDepth = 1024
    /// NAME_MAX and PATH_MAX of Linux; the latter counts the terminating NUL.
    private static let (maximumNameBytes, maximumPathBytes) = (255, 4095)
    /// All trees that are open at once, from the root to where a walk is.
    private static let maximumOpenBytes = 128 << 20
    private static let maximumEntries = 10_000_000

    func open(_ id: ObjectID, prefix: [UInt8] = []) throws -> OpenTree {
        try repository.openTree(id, prefix: prefix)
    }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws { try walk(hasSizes: true, visit) }

    func walkNames(_ visit: (TreeEntry) throws -> WalkDirective) throws { try walk(hasSizes: false, visit) }

    private func walk(hasSizes: Bool, _ visit: (TreeEntry) throws -> WalkDirective) throws {
        do {
            var stack = [try open(id)]
            var visited = 0
            var openBytes = stack[0].size
            while let tree = stack.last {
                guard let entry = try nextEntry(of: tree, hasSize: hasSizes) else {
                    openBytes -= stack.removeLast().size
                    continue
                }
                try checkCancellation()
                visited += 1
                guard visited <= Self.maximumEntries else { throw unsafeTree("more than \(visited - 1) entries") }
                switch try visit(entry) {
                case .stop: return
                case .skipDescendants: continue
                case .proceed: break
                }
                guard entry.kind == .directory else { continue }
                guard stack.count < Self.maximumDepth else {
                    throw unsafeTree("directories that are nested more than \(Self.maximumDepth) deep")
                }
                let next = try open(entry.objectID, prefix: entry.path + [UInt8(ascii: "/")])
                openBytes += next.size
                guard openBytes <= Self.maximumOpenBytes else {
                    throw unsafeTree("more than \(openBytes >> 20) MiB of directories in each other")
                }
                stack.append(next)
            }
        } catch {
            throw damage(error)
        }
    }

    private func nextEntry(of tree: OpenTree, hasSize: Bool) throws -> TreeEntry? {
        guard tree.next < tree.count, let entry = unsafe git_tree_entry_byindex(tree.pointer, tree.next) else {
            return nil
        }
        tree.next += 1
        return try unsafe self.entry(entry, path: path(of: entry, below: tree.prefix), hasSize: hasSize)
    }

    private func path(of entry: OpaquePointer, below prefix: [UInt8]) throws(BuildFailure) -> [UInt8] {
        let path = prefix + (try unsafe safeName(of: entry))
        guard path.count <= Self.maximumPathBytes else {
            throw unsafeTree(
                "a path of over \(Self.maximumPathBytes) bytes, '\(LibraryError.cleaned(String(decoding: path.prefix(80), as: UTF8.self)))…'"
            )
        }
        return path
    }

    /// A name that is one step down and nothing else: whoever writes objects by hand may name an entry `..` or `a/b`.
    private func safeName(of entry: OpaquePointer) throws(BuildFailure) -> [UInt8] {
        guard let start = unsafe git_tree_entry_name(entry) else { throw unsafeTree("an entry without a name") }
        let count = unsafe strlen(start)
        let name = unsafe Array(UnsafeRawBufferPointer(start: start, count: min(count, Self.maximumNameBytes + 1)))
        let isStep = !name.isEmpty && !name.contains(UInt8(ascii: "/"))
        let shown = LibraryError.cleaned(String(decoding: name.prefix(80), as: UTF8.self))
        guard isStep, !Self.forbiddenNames.contains(name) else { throw unsafeTree("an entry named '\(shown)'") }
        guard count <= Self.maximumNameBytes else {
            throw unsafeTree("a name of \(count) bytes, '\(shown)…'; at most \(Self.maximumNameBytes) can be")
        }
        return name
    }

    private static let forbiddenNames: Set<[UInt8]> = [Array(".".utf8), Array("..".utf8), Array(".git".utf8)]

    func unsafeTree(_ what: String) -> BuildFailure {
        BuildFailure(
            .code,
            .unsafeTree,
            operation: "git.read",
            message:
                "The tree \(id.short) has \(what), which git could not check out here; make the commit anew with git."
        )
    }

    /// The names of some directories in a directory, for error messages.
    func directories(in directory: String, limit: Int) throws -> [String] {
        let root = directory.isEmpty ? id : try entry(at: directory)?.objectID ?? id
        let tree = try ObjectTree(repository, root: root, maximumBlobBytes: 0)
        var names: [String] = []
        try tree.walk { entry in
            if entry.kind == .directory { names.append(entry.displayPath) }
            return names.count < limit ? .skipDescendants : .stop
        }
        return names
    }
}
