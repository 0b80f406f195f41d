import BuildModel
import Platform
import TestSupport
import Testing

@testable import Buildpacks

@Suite("Plans of trees that were changed")
struct PlanChangeTests {
    let scratch: Scratch
    private var memo: PlanMemo { PlanMemo(directory: scratch("plans")) }

    init() throws {
        scratch = try Scratch()
    }

    @Test("files that planning does not read may hold anything", arguments: try GoldenPlan.all())
    func unread(_ golden: GoldenPlan) throws {
        let rules = try shippedRules()
        let tree = try golden.tree()
        let watched = WatchedTree(tree)
        let plan = try rules.plan(tree: watched)
        #expect(try plan == rules.plan(tree: tree))
        var other = tree
        var changed = 0
        try tree.walk { entry in
            guard entry.kind != .directory, !watched.read.contains(entry.path) else { return .proceed }
            other.rewrite(entry.path, Array("import flask, express\nlisten(80)\n".utf8))
            changed += 1
            return .proceed
        }
        #expect(try plan == rules.plan(tree: other), "\(changed) files have changed")
    }

    @Test("a change of a file that planning has not read makes no new plan")
    func elsewhere() throws {
        let count = try plan(changes: [["static/logo.svg"]])
        #expect(count == 1)
        #expect(memo.plan(for: key(2)) == memo.plan(for: key(1)))
        #expect(memo.plan(for: key(2)) != nil)
    }

    @Test("nor does one change after another, each against the one before")
    func chain() throws {
        #expect(try plan(changes: [["static/logo.svg"], ["docs/a.txt"], ["docs/a.txt", "static/logo.svg"]]) == 1)
    }

    @Test("a change of a file that it has read makes a new one")
    func read() throws {
        #expect(try plan(changes: [["static/logo.svg", "requirements.txt"]]) == 2)
        #expect(try plan(changes: [["main.py"]], in: "another place") == 2)
    }

    @Test("what is asked for in vain, as it is too large, was read all the same, and nothing else has an id or a size")
    func tooLarge() throws {
        let tree = WatchedTree(MemoryTree(["large.txt": "12345", "small.txt": "1"]))
        let entry = try #require(try tree.entry(at: "large.txt"))
        #expect(entry.size == 0 && entry.objectID == tree.id)
        #expect(throws: BuildFailure.self) { try tree.bytes(at: "large.txt", limit: 4) }
        #expect(try tree.bytes(at: "none.txt", limit: 4) == nil)
        #expect(tree.read == [Array("large.txt".utf8)])
        #expect(try tree.bytes(at: "large.txt", limit: 5) == Array("12345".utf8))
    }

    @Test("names, kinds and trees that are not here make a new one")
    func structure() throws {
        #expect(try plan(changes: [nil]) == 2)
    }

    @Test("another place, other rules and other options make a new one")
    func others() throws {
        let (first, second) = (try tree(1), try tree(2, since: 1, ["static/logo.svg"]))
        var made = 0
        func plan(_ tree: ChangedTree, _ place: String, _ rules: String, _ options: PlanOptions) throws {
            _ = try memo.plan(of: tree, in: place, rules: Digest(of: rules), options) { tree in
                made += 1
                return try shippedRules().plan(tree: tree, options: options)
            }
        }
        try plan(first, "one", "rules", PlanOptions())
        try plan(second, "two", "rules", PlanOptions())
        try plan(second, "one", "others", PlanOptions())
        try plan(second, "one", "rules", PlanOptions(port: 80))
        #expect(made == 4)
        try plan(second, "one", "rules", PlanOptions())
        #expect(made == 4)
    }

    @Test("what is noted comes back as it was, and nothing else does")
    func note() throws {
        let note = PlannedTree(tree: id(3), read: [Array("a".utf8), [0xff, 0x0a], Array("b/c d".utf8)])
        #expect(PlannedTree(note.bytes) == note)
        #expect(PlannedTree(PlannedTree(tree: id(3), read: []).bytes) == PlannedTree(tree: id(3), read: []))
        for text in ["", "12", "xy", note.tree.hex + "\nx", note.tree.hex + "\n6"] {
            #expect(PlannedTree(Array(text.utf8)) == nil, "\(text)")
        }
    }

    private static let files = [
        "main.py": "import flask\napp = flask.Flask('app')\n", "requirements.txt": "flask\n",
        "static/logo.svg": "<svg/>", "docs/a.txt": "a",
    ]

    /// Plans a tree and what becomes of it; each change names the files that it rewrites, or is of another kind.
    ///
    /// - Returns: how many plans were made.
    private func plan(
        _ files: [String: String] = Self.files,
        changes: [[String]?],
        in place: String = "place"
    ) throws -> Int {
        var made = 0
        func plan(_ tree: ChangedTree) throws {
            _ = try memo.plan(of: tree, in: place, rules: Digest(of: "rules"), PlanOptions()) { tree in
                made += 1
                return try shippedRules().plan(tree: tree)
            }
        }
        try plan(try tree(1, files))
        for (index, change) in changes.enumerated() {
            try plan(try tree(UInt8(index + 2), files, since: UInt8(index + 1), change))
        }
        return made
    }

    private func tree(
        _ number: UInt8,
        _ files: [String: String] = Self.files,
        since earlier: UInt8? = nil,
        _ changes: [String]? = nil
    ) throws -> ChangedTree {
        ChangedTree(
            id: id(number),
            tree: MemoryTree(files),
            earlier: earlier.map(id),
            changes: changes?.map { Array($0.utf8) }
        )
    }

    private func id(_ number: UInt8) -> ObjectID { ObjectID(bytes: [UInt8](repeating: number, count: 20)) }

    private func key(_ number: UInt8) -> Digest {
        PlanMemo.key(tree: id(number), rules: Digest(of: "rules"), PlanOptions())
    }
}

/// A tree that says what has changed since an earlier one.
private struct ChangedTree: StoredTree {
    let id: ObjectID
    let tree: MemoryTree
    let earlier: ObjectID?
    let changes: [[UInt8]]?

    var blobs: any BlobReader { NoBlobs() }

    func rewrittenFiles(since earlier: ObjectID, limit: Int) throws -> [[UInt8]]? {
        earlier == self.earlier ? changes : nil
    }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws { try tree.walk(visit) }

    func entry(at path: String) throws -> TreeEntry? { try tree.entry(at: path) }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        try tree.withContent(of: entry, limit: limit, body)
    }
}

private struct NoBlobs: BlobReader {
    struct Missing: Error {}

    func read(_ id: ObjectID, into buffer: UnsafeMutableRawBufferPointer) throws { throw Missing() }

    func forEachPiece(of id: ObjectID, size: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        throw Missing()
    }

    func parts(of id: ObjectID, size: Int64) throws -> any BlobParts { throw Missing() }
}
