import BuildModel
import Platform
import RootFilesystem
import TestSupport
import Testing

@testable import ImageBuild

/// What `git archive` makes of a tree and what readers find in our layer of it are the same.
@Suite struct TreeEqualityTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var items: [InMemoryTree.Item]
    }

    /// Our own reader, which unpacks what build steps stand on.
    static let own = "slipway"

    static let cases: [Case] = [
        Case(testDescription: "no file but one", items: [.file("main.py", "print()\n")]),
        Case(
            testDescription: "empty files",
            items: [.file("empty"), .file("package/__init__.py"), .executable("run")]
        ),
        Case(
            testDescription: "executable bits and symbolic links",
            items: [
                .executable("bin/start", "#!/bin/sh\n"), .file("bin/data", "x"), .link("current", "bin/start"),
                .link("dangling", "/nowhere/at/all"), .link("up", "../../outside"), .link("to-directory", "bin"),
            ]
        ),
        Case(
            testDescription: "names at the edges of ustar",
            items: [95, 96, 97, 98, 99, 100, 101, 150, 200, 250, 255].map {
                .file(String(repeating: "n", count: $0), "\($0)")
            }
        ),
        Case(
            testDescription: "paths at the edges of ustar",
            items: (145...165).map {
                .file("\(String(repeating: "d", count: $0))/\(String(repeating: "f", count: 90))", "x")
            }
                + (94...104).map {
                    .file("\(String(repeating: "e", count: 60))/\(String(repeating: "g", count: $0))", "x")
                }
        ),
        Case(
            testDescription: "paths of over 255 bytes, and deep ones",
            items: [
                .file((0..<6).map { String(repeating: "\($0)", count: 90) }.joined(separator: "/"), "deep"),
                .file((0..<400).map { "d\($0)" }.joined(separator: "/"), "deeper"),
                .executable("\(String(repeating: "long-", count: 50))/\(String(repeating: "name-", count: 50))", "x"),
            ]
        ),
        Case(
            testDescription: "links with targets at the edge of ustar",
            items: [99, 100, 101, 255, 1000].map { .link("link-\($0)", String(repeating: "t/", count: $0 / 2) + "t") }
        ),
        Case(
            testDescription: "names that are not ASCII",
            items: [
                .file("grüße/日本語.txt", "x"), .link("émoji-🎉", "grüße/日本語.txt"), .executable("Ωmega", "y"),
                .file("e\u{301}", "decomposed"), .file("é", "composed"),
                .file(String(repeating: "ü", count: 120), "long"),
            ]
        ),
        Case(
            testDescription: "names that are not UTF-8",
            items: [
                .init(kind: .file, path: [0x66, 0xff, 0xfe, 0x2e, 0x74], content: [1, 2, 3]),
                .init(kind: .executable, path: [0xe9, 0x74, 0xe9], content: [4]),
                .init(kind: .symbolicLink, path: Array("latin1".utf8), content: [0xe9, 0x74, 0xe9]),
                .init(kind: .file, path: [0xc0, 0x2f, 0x80], content: [5]),
            ]
        ),
        Case(
            testDescription: "names that trouble shells and terminals",
            items: [
                .file("new\nline", "1"), .file("tab\there", "2"), .file(" leading space", "3"), .file("-dash", "4"),
                .file("quote'\"", "5"), .file("back\\slash", "6"), .file("star*", "7"), .file("esc\u{1b}[31m", "8"),
                .file(":colon", "9"), .file("@at", "10"),
            ]
        ),
        Case(
            testDescription: "directories that sort unlike their names",
            items: [.file("a.b", "1"), .file("a/b", "2"), .file("a0", "3"), .file("a-b/c", "4"), .file("a/b.c/d", "5")]
        ),
        Case(
            testDescription: "contents around block and member sizes",
            items: [511, 512, 513, 262_143, 262_144, 1_048_575, 1_048_576, 1_048_577, 3_145_728].map {
                .file("size-\($0)", bytes: LayerFixture.noise($0))
            }
        ),
    ]

    @Test("a layer unpacks to what git archive unpacks to", arguments: cases, ["tar", "bsdtar", own])
    func tableOfTrees(_ testCase: Case, reader: String) async throws {
        try await expectEqualTrees(testCase.items, reader: reader)
    }

    @Test("a layer of any tree unpacks to what git archive unpacks to", arguments: 1...6 as ClosedRange<UInt64>)
    func randomTrees(seed: UInt64) async throws {
        let items = RandomTree.items(seed: seed)
        for reader in ["tar", "bsdtar", Self.own] { try await expectEqualTrees(items, reader: reader) }
    }

    private func expectEqualTrees(_ items: [InMemoryTree.Item], reader: String) async throws {
        let scratch = try Scratch(in: "/dev/shm")
        // What steps stand on is unpacked so far down and no further.
        let items = reader == Self.own ? items.filter { $0.path.count { $0 == UInt8(ascii: "/") } < 250 } : items
        let source = try await GitTree(items, in: scratch)
        try await source.archive(to: scratch("want.tar"))
        let layer = try LayerFixture.layer(source.tree)
        let want = try await unpack(scratch("want.tar"), to: scratch("want"), by: "tar")
        if reader == Self.own {
            let lease = try await lease([layer], in: scratch)
            try await expect(lease.lowerDirectories[0], want, in: scratch, count: items.count)
            return
        }
        try LayerFixture.save(layer, to: scratch("got.tar.gz"))
        _ = try await unpack(scratch("got.tar.gz"), to: scratch("got"), by: reader)
        try await expect(scratch("got"), want, in: scratch, count: items.count)
    }

    private func expect(_ directory: String, _ want: Set<[UInt8]>, in scratch: Scratch, count: Int) async throws {
        #expect(want.count > count)
        #expect(try await listing(directory).filter { !isRoot($0) } == want.filter { !isRoot($0) })
        let difference = try await Command.result(["diff", "-r", "--no-dereference", scratch("want"), directory])
        #expect(difference.status == 0, "\(difference.text.prefix(2000))\(difference.errorText)")
    }

    /// What steps stand on.
    private func lease(_ layers: [Layer], in scratch: Scratch) async throws -> RootFilesystemLease {
        let settings = RootFilesystems.Settings(directory: scratch("store"), maximumBytes: 1 << 30, width: 2)
        let store = try RootFilesystems(settings) { _ in throw InMemoryTree.Missing() }
        return try await store.lease(layers.map { FilesystemLayer($0) })
    }

    /// The root is whoever's unpacks.
    private func isRoot(_ line: [UInt8]) -> Bool { line.suffix(2) == Array(" .".utf8)[...] }

    @Test("layers of any tree, cut anywhere, unpack together to the tree", arguments: 1...4 as ClosedRange<UInt64>)
    func randomCuts(seed: UInt64) async throws {
        let scratch = try Scratch(in: "/dev/shm")
        let source = try await GitTree(RandomTree.items(seed: seed), in: scratch)
        try await source.archive(to: scratch("want.tar"))
        let want = try await unpack(scratch("want.tar"), to: scratch("want"), by: "tar")
        let layers = try layers(of: source.tree, seed: seed)
        #expect(layers.count > 1)
        try await Command.output(["mkdir", scratch("bsdtar")])
        for layer in layers {
            try LayerFixture.save(layer, to: scratch("part.tar.gz"))
            try await Command.output(
                ["bsdtar", "-xpf", scratch("part.tar.gz"), "-C", scratch("bsdtar")],
                environment: ["LC_ALL": "C.UTF-8"]
            )
        }
        #expect(try await listing(scratch("bsdtar")) == want)
        let image = try ImageAssembler.assemble(
            base: try ImageFixture.base([]),
            layers: layers,
            plan: try ImageFixture.plan(),
            revision: ImageFixture.revision(),
            created: ImageFixture.created
        )
        try await ImageFixture.write(image, to: scratch("layout"), tag: "app")
        try await Command.output([
            "umoci", "raw", "unpack", "--rootless", "--image", "\(scratch("layout")):app", scratch("umoci"),
        ])
        #expect(try await listing(scratch("umoci")).filter { !isRoot($0) } == want.filter { !isRoot($0) })
        let lease = try await lease(layers, in: scratch)
        #expect(lease.lowerDirectories.count == layers.count)
        let ours = try await TreeListing.lines(ofOverlay: lease.lowerDirectories, times: false)
        #expect(ours.dropFirst() == (try await TreeListing.lines(of: scratch("want"), times: false)).dropFirst())
    }

    /// The layers of a tree that is cut at three of its entries, made as a build makes them.
    private func layers(of tree: any StoredTree, seed: UInt64) throws -> [Layer] {
        var paths: [[UInt8]] = []
        try tree.walk { entry in
            paths.append(entry.path)
            return .proceed
        }
        var generator = SeededGenerator(seed: seed)
        let places = Set((0..<3).map { _ in Int.random(in: 1..<paths.count, using: &generator) })
        let parts = try TreePart.parts(of: tree, LayerSplit(cuts: places.sorted().map { paths[$0] }))
        let batch = try LayerBatch(LayerFixture.settings())
        return try parts.map { part in
            try batch.begin(from: tree, part: part, at: "/app", comment: part.name, cancellation: CancelFlag())
        }.map { try $0.finish().layer }
    }

    /// Unpacks an archive; returns type, mode, size, target and path of everything in it.
    private func unpack(_ archive: String, to directory: String, by reader: String) async throws -> Set<[UInt8]> {
        try await Command.output(["mkdir", directory])
        let locale = ["LC_ALL": "C.UTF-8"]
        let result = try await Command.output([reader, "-xpf", archive, "-C", directory], environment: locale)
        // GNU tar takes names for bytes anyway, and says that it need not be told.
        let notice = "Ignoring unknown extended header keyword 'hdrcharset'"
        #expect(result.errorText.split(separator: "\n").filter { !$0.hasSuffix(notice) } == [])
        return try await listing(directory)
    }

    private func listing(_ directory: String) async throws -> Set<[UInt8]> {
        let listing = try await Command.output(
            ["find", ".", "-type", "d", "-printf", "%y %m %p\\0", "-o", "-printf", "%y %m %s %l %p\\0"],
            in: directory,
            environment: ["LC_ALL": "C.UTF-8"]
        )
        return Set(listing.output.split(separator: 0).map(Array.init))
    }
}
