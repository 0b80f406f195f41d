internal import BuildModel
internal import CGit2
internal import Glibc

/// An open tree object, to look things up in.
@safe
final class OpenTree {
    let pointer: OpaquePointer
    let count: Int

    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
        count = unsafe git_tree_entrycount(pointer)
    }

    deinit { unsafe git_tree_free(pointer) }
}

extension Repository {
    /// Opens a tree object, unless it is too large.
    func openTree(_ id: ObjectID) throws -> OpenTree {
        _ = try size(of: id, GIT_OBJECT_TREE)
        var tree: OpaquePointer?
        var form = id.libraryForm
        try LibraryError.check(unsafe git_tree_lookup(&tree, pointer, &form))
        guard let tree = unsafe tree else { throw LibraryError(code: GIT_ERROR.rawValue) }
        return unsafe OpenTree(owning: tree)
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

    func open(_ id: ObjectID) throws -> OpenTree { try repository.openTree(id) }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        try walkRecords { record, path in
            try visit(try self.entry(record.form, record.kind, path: Array(copying: path)))
        }
    }

    func walkNames(_ visit: (TreeEntry.Kind, Span<UInt8>) throws -> WalkDirective) throws {
        try walkRecords { try visit($0.kind, $1) }
    }

    /// As `walk`, without a look at any object but trees. Path and record are lent.
    func walkRecords(_ visit: (TreeRecord, Span<UInt8>) throws -> WalkDirective) throws {
        do {
            var path: [UInt8] = []
            var stack = [(records: try records(of: id), prefix: 0)]
            var (visited, openBytes) = (0, stack[0].records.size)
            while let (records, prefix) = stack.last {
                path.removeSubrange(prefix...)
                guard let record = try records.next() else {
                    openBytes -= stack.removeLast().records.size
                    continue
                }
                try checkCancellation()
                visited += 1
                guard visited <= Self.maximumEntries else { throw unsafeTree("more than \(visited - 1) entries") }
                try unsafe append(record.name, to: &path)
                switch try visit(record, path.span) {
                case .stop: return
                case .skipDescendants: continue
                case .proceed: break
                }
                guard record.kind == .directory else { continue }
                guard stack.count < Self.maximumDepth else {
                    throw unsafeTree("directories that are nested more than \(Self.maximumDepth) deep")
                }
                let next = try self.records(of: ObjectID(record.form))
                openBytes += next.size
                guard openBytes <= Self.maximumOpenBytes else {
                    throw unsafeTree("more than \(openBytes >> 20) MiB of directories in each other")
                }
                path.append(UInt8(ascii: "/"))
                stack.append((next, path.count))
            }
        } catch is TreeRecords.Failure {
            throw BuildFailure.damaged("The local copy of the repository", cause: "a tree object cannot be parsed")
        } catch {
            throw damage(error)
        }
    }

    /// Adds a name that is one step down and nothing else: whoever writes objects by hand may name an entry `..` or `a/b`.
    private func append(_ name: UnsafeRawBufferPointer, to path: inout [UInt8]) throws(BuildFailure) {
        let isStep = unsafe !name.contains(UInt8(ascii: "/")) && !Self.isForbidden(name)
        guard isStep, name.count <= Self.maximumNameBytes else { throw unsafe refusal(name, isStep: isStep) }
        unsafe path.append(contentsOf: name)
        guard path.count <= Self.maximumPathBytes else {
            throw unsafeTree("a path of over \(Self.maximumPathBytes) bytes, '\(Self.shown(path))…'")
        }
    }

    private func refusal(_ name: UnsafeRawBufferPointer, isStep: Bool) -> BuildFailure {
        let (shown, count) = unsafe (Self.shown(name), name.count)
        guard isStep else { return unsafeTree("an entry named '\(shown)'") }
        return unsafeTree("a name of \(count) bytes, '\(shown)…'; at most \(Self.maximumNameBytes) can be")
    }

    private static func shown(_ bytes: some Collection<UInt8>) -> String {
        LibraryError.cleaned(String(decoding: bytes.prefix(80), as: UTF8.self))
    }

    private static func isForbidden(_ name: UnsafeRawBufferPointer) -> Bool {
        guard unsafe name.first == UInt8(ascii: ".") else { return false }
        return [".", "..", ".git"].contains { unsafe name.elementsEqual($0.utf8) }
    }

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
