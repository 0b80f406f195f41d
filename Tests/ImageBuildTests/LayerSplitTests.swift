import BuildModel
import Platform
import TestSupport
import Testing

@testable import ImageBuild

/// Large trees as a few layers.
@Suite struct LayerSplitTests {
    /// Thirty packages of about a MiB, each with two directories and some files.
    private static func items(changing changed: Int? = nil, without removed: Int? = nil) -> [InMemoryTree.Item] {
        let packages = (100..<130).filter { $0 - 100 != removed }.flatMap { package -> [InMemoryTree.Item] in
            let name = "package-\(package)"
            let seed = UInt64(package - 100 == changed ? 1000 : package)
            return [
                .directory(name), .directory("\(name)/inner"),
                .file("\(name)/inner/a", bytes: LayerFixture.noise(600_000, seed: seed)),
                .file("\(name)/inner/b", bytes: LayerFixture.noise(300_000, seed: UInt64(package))),
                .file("\(name)/z", bytes: LayerFixture.noise(100_000 + package, seed: UInt64(package))),
            ]
        }
        return [.file("a-file", "first")] + packages + [.file("z-file", "last")]
    }

    private static let tree = InMemoryTree(items: items())

    private func contents(_ tree: InMemoryTree, _ split: LayerSplit) throws -> [Digest?] {
        try TreePart.parts(of: tree, split).map(\.content)
    }

    private func layer(_ part: TreePart, of tree: InMemoryTree) throws -> Layer {
        try LayerWriter.writeLayer(
            from: tree,
            part: part,
            at: "/app",
            comment: part.name,
            settings: LayerFixture.settings(),
            cancellation: CancelFlag()
        )
    }

    @Test("a large tree is cut into layers of about the same size, the same every time; a small one is not")
    func sizes() throws {
        let split = try LayerSplit.choose(for: Self.tree, limit: 10)
        #expect(split == (try LayerSplit.choose(for: Self.tree, limit: 10)))
        #expect((4...9).contains(split.cuts.count))
        let sizes = try TreePart.parts(of: Self.tree, split).map { try layer($0, of: Self.tree).tarSize }
        #expect((sizes.max() ?? 0) < 3 * (sizes.min() ?? 0))
        #expect(split.fits(sizes, limit: 10))
        #expect(try LayerSplit.choose(for: Self.tree, limit: 3).cuts.count == 2)
        #expect(try LayerSplit.choose(for: Self.tree, limit: 1) == .none)
        let small = InMemoryTree(items: Array(Self.items().prefix(20)))
        #expect(try LayerSplit.choose(for: small, limit: 10) == .none)
    }

    @Test("the layers together have every entry once, and directories that are cut in each layer that needs them")
    func whole() async throws {
        let split = LayerSplit(cuts: ["package-103/inner/b", "package-110", "z-file"].map { Array($0.utf8) })
        let whole = try await LayerFixture.names(in: try LayerFixture.layer(Self.tree))
        var names: [String] = []
        for part in try TreePart.parts(of: Self.tree, split) {
            names.append(contentsOf: try await LayerFixture.names(in: try layer(part, of: Self.tree)))
        }
        #expect(Set(names) == Set(whole))
        let files = names.filter { !$0.hasSuffix("/") }
        #expect(files.count == Set(files).count)
        #expect(names.count { $0 == "app/package-103/inner/" } == 2)
    }

    @Test("a change makes one part another, wherever it is", arguments: [0, 3, 17, 29])
    func oneChanged(package: Int) throws {
        let split = try LayerSplit.choose(for: Self.tree, limit: 10)
        let before = try contents(Self.tree, split)
        let after = try contents(InMemoryTree(items: Self.items(changing: package)), split)
        #expect(zip(before, after).count { $0 != $1 } == 1)
    }

    @Test("where a cut's path is gone, two parts become one and the others stay")
    func vanished() throws {
        let split = LayerSplit(cuts: ["package-110", "package-120"].map { Array($0.utf8) })
        let tree = InMemoryTree(items: Self.items(without: 10))
        let kept = try split.kept(in: tree)
        #expect(kept.cuts == [Array("package-120".utf8)])
        #expect(try contents(tree, kept).last == (try contents(Self.tree, split).last))
    }

    @Test("what changes often is apart from what does not")
    func history() throws {
        let hot = Array("package-115/inner/a".utf8)
        let split = try LayerSplit.choose(for: Self.tree, limit: 4, history: Array(repeating: [hot], count: 20))
        let parts = try TreePart.parts(of: Self.tree, split)
        let sizes = try parts.map { try layer($0, of: Self.tree).tarSize }
        let changed = try contents(InMemoryTree(items: Self.items(changing: 15)), split)
        let place = try #require(
            zip(try contents(Self.tree, split), changed).enumerated().first { $1.0 != $1.1 }?.offset
        )
        #expect(sizes[place] < 3 << 20)
    }

    @Test("cuts and parts are the same after they were written down")
    func written() throws {
        let split = try LayerSplit.choose(for: Self.tree, limit: 10)
        #expect(LayerSplit(text: split.text) == split)
        #expect(LayerSplit(text: LayerSplit.none.text) == LayerSplit.none)
        #expect(LayerSplit(text: "?") == nil)
        let parts = TreeParts(try TreePart.parts(of: Self.tree, split))
        #expect(TreeParts(text: parts.text) == parts)
        #expect(TreeParts(text: TreeParts([.whole]).text) == TreeParts([.whole]))
        for text in ["", "x", "xzz:-", "x61:00"] { #expect(TreeParts(text: text) == nil) }
    }

    @Test("other ignore rules are other parts")
    func rules() throws {
        let split = LayerSplit(cuts: [Array("package-110".utf8)])
        let one = InMemoryTree(items: [.file(".dockerignore", "z-file")] + Self.items())
        let other = InMemoryTree(items: [.file(".dockerignore", "a-file")] + Self.items())
        #expect(zip(try contents(one, split), try contents(other, split)).allSatisfy { $0 != $1 })
    }
}

/// What choosing cuts keeps of a tree.
@Suite struct TreeSizesTests {
    /// A hundred directories of a thousand equal files, all in one.
    private struct WideTree: SourceTree {
        let id = ObjectID(bytes: [UInt8](repeating: 5, count: 20))

        func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
            _ = try visit(TreeEntry(kind: .directory, path: Array("top".utf8), objectID: id, size: 0))
            for directory in 100..<200 {
                let path = "top/\(directory)"
                _ = try visit(TreeEntry(kind: .directory, path: Array(path.utf8), objectID: id, size: 0))
                for file in 1000..<2000 {
                    _ = try visit(TreeEntry(kind: .file, path: Array("\(path)/\(file)".utf8), objectID: id, size: 512))
                }
            }
        }

        func entry(at path: String) -> TreeEntry? { nil }

        func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result
        {
            try body([UInt8(1)].span.bytes)
        }
    }

    private func count(_ nodes: [TreeSizes.Node]) -> Int { nodes.reduce(0) { $0 + 1 + count($1.children) } }

    @Test(
        "a tree that is too large for its memory is kept coarsely, and no byte is lost",
        arguments: [1 << 16, 1 << 20, 64 << 20]
    )
    func bounded(limit: Int) throws {
        let sizes = try TreeSizes(WideTree(), limit: limit)
        #expect(sizes.total == 100_000 * 1024 + 101 * 512)
        let (count, weight) = (count(sizes.nodes), sizes.nodes.reduce(0) { $0 + $1.weight })
        #expect(count * 72 < weight)
        #expect(limit == 64 << 20 ? count == 100_101 : weight < limit + 2000)
    }
}
