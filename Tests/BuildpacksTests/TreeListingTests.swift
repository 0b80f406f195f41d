import BuildModel
import TestSupport
import Testing

@testable import Buildpacks

/// How much of a tree is listed for rules.
@Suite struct TreeListingTests {
    /// Files with long paths.
    private struct LongPaths: SourceTree {
        let id = ObjectID(bytes: [UInt8](repeating: 7, count: 20))
        let count: Int

        func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
            let rest = String(repeating: "n", count: 4000)
            for number in 0..<count {
                let path = Array("\(10_000 + number)\(rest)".utf8)
                if case .stop = try visit(TreeEntry(kind: .file, path: path, objectID: id, size: 0)) { return }
            }
        }

        func entry(at path: String) -> TreeEntry? { nil }

        func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result
        {
            try body([UInt8(1)].span.bytes)
        }
    }

    @Test("a pattern with ** looks six levels deep, whatever another has had listed before")
    func depth() throws {
        let tree = MemoryTree(["a/b/c/d/e/six": "", "a/b/c/d/e/f/seven": ""])
        for earlier in ["none", "*/*/*/*/*/*/seven"] {
            let view = try TreeView(tree, ignore: [])
            _ = Array(try view.matches(GlobPattern(earlier), ignore: []))
            #expect(Array(try view.matches(GlobPattern("**/s*"), ignore: [])) == ["a/b/c/d/e/six"])
        }
    }

    @Test("below src/main a pattern with ** looks two levels deeper, as packages begin there")
    func sources() throws {
        let paths = [
            "src/main/java/com/example/demo/s7", "m/src/main/java/com/example/demo/s8",
            "src/main/java/com/example/demo/x/y/s9", "src/test/java/com/example/demo/s7", "a-src/main/c/d/e/f/s7",
        ]
        let tree = MemoryTree(Dictionary(uniqueKeysWithValues: paths.map { ($0, "") }))
        for earlier in ["none", "*/*/*/*/*/*/*/*/*/s10"] {
            let view = try TreeView(tree, ignore: [])
            _ = Array(try view.matches(GlobPattern(earlier), ignore: []))
            #expect(Array(try view.matches(GlobPattern("**/s*"), ignore: [])) == [paths[1], paths[0]])
        }
    }

    @Test("paths are bounded by their bytes too", arguments: [(100, false), (10_000, true)])
    func bytes(count: Int, isTruncated: Bool) throws {
        let tree = LongPaths(count: count)
        let listing = try TreeListing(tree, depth: 3, ignore: [])
        #expect(listing.isTruncated == isTruncated)
        #expect(listing.files.reduce(0) { $0 + $1.utf8.count } <= TreeListing.byteLimit)
        let outline = try TreeOutline(tree, depth: 3, ignore: [])
        #expect(outline.entries.reduce(0) { $0 + $1.path.utf8.count } <= TreeListing.byteLimit)
        #expect(outline.entries.count == listing.files.count)
    }

    @Test("what is found of a pattern is what matches it, wherever files lie", arguments: 0..<20)
    func found(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let names = ["src", "src-x", "s", "a", "b.js", "main.js", "main.py"]
        func path() -> String {
            (0..<Int.random(in: 1...4, using: &generator)).map { _ in names.randomElement(using: &generator) ?? "" }
                .joined(separator: "/")
        }
        var files: [String: String] = [:]
        for _ in 0..<60 {
            // What is a file is no directory.
            let path = path()
            let isFree = !files.keys.contains { $0.hasPrefix(path + "/") || path.hasPrefix($0 + "/") }
            if isFree { files[path] = "" }
        }
        var listing = try TreeListing(MemoryTree(files), depth: 4, ignore: [])
        let patterns = [
            "src/*.js", "src/*/*.js", "src/a/*", "s/*", "*/*.py", "*/src/*", "src/**/*.js", "**/main.js",
            "src-x/*/main.js", "*.js",
            "none/*.js", "zzz/*/*", "src/a/b.js", "[sa]/*.js",
        ]
        for pattern in patterns.map({ GlobPattern($0) }) {
            let expected = listing.files.filter { pattern.matches(path: $0) }
            #expect(Array(listing.matches(pattern, ignore: [])) == expected, "\(pattern.text)")
        }
    }
}
