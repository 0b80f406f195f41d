import BuildModel
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
}
