import BuildModel
import Glibc
import Testing

@testable import Buildpacks

/// A package of Node with any number of files of other languages, three levels deep and deeper, that counts what is asked of it.
private final class CountedTree: SourceTree {
    private(set) var visited = 0
    private(set) var lookUps = 0
    private(set) var reads = 0

    let id = ObjectID(bytes: [UInt8](repeating: 7, count: 20))
    private let directories: Int
    private static let inDirectory = 100
    private static let manifest = #"{"scripts": {"start": "node src/server.js"}, "dependencies": {"express": "5"}}"#
    private static let endings = ["ts", "py", "go", "rb", "java", "cs", "php", "rs"]

    init(files: Int) { directories = files / Self.inDirectory }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        try walkNames { kind, path in
            try visit(TreeEntry(kind: kind, path: Array(copying: path), objectID: id, size: 0))
        }
    }

    /// In git's order. Each directory has another with as many files in it, further down than is listed at first.
    func walkNames(_ visit: (TreeEntry.Kind, Span<UInt8>) throws -> WalkDirective) throws {
        func go(_ kind: TreeEntry.Kind, _ path: String) throws -> WalkDirective {
            visited += 1
            return try visit(kind, Array(path.utf8).span)
        }
        guard try go(.file, "package.json") != .stop, try go(.directory, "src") == .proceed else { return }
        for number in 0..<directories {
            let directory = "src/part\(number + 1_000)"
            guard try go(.directory, directory) == .proceed else { continue }
            if try go(.directory, "\(directory)/a") == .proceed, try go(.directory, "\(directory)/a/deep") == .proceed {
                for name in 0..<Self.inDirectory where try go(.file, file("\(directory)/a/deep", name)) == .stop {
                    return
                }
            }
            for name in 0..<Self.inDirectory where try go(.file, file(directory, name)) == .stop { return }
        }
    }

    private func file(_ directory: String, _ number: Int) -> String {
        "\(directory)/file\(number + 100).\(Self.endings[number % Self.endings.count])"
    }

    func entry(at path: String) throws -> TreeEntry? {
        lookUps += 1
        let kind: TreeEntry.Kind? = path == "package.json" ? .file : path == "src" ? .directory : nil
        return kind.map {
            TreeEntry(
                kind: $0,
                path: Array(path.utf8),
                objectID: id,
                size: $0 == .file ? Int64(Self.manifest.utf8.count) : 0
            )
        }
    }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        reads += 1
        let manifest = Array(Self.manifest.utf8)
        return try body(manifest.span.bytes)
    }
}

@Suite("Detection in a large tree")
struct LargeTreeTests {
    /// CPU of this thread, which neighbours do not make longer.
    private func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    @Test("what is read and looked up does not grow with the tree, and each name is seen a bounded number of times")
    func counts() throws {
        // Of directories that may be apps, a few dozen are looked into; both trees have more.
        let (small, large) = (CountedTree(files: 5_000), CountedTree(files: 50_000))
        let rules = try shippedRules()
        let plans = try [small, large].map { try rules.plan(tree: $0) }
        #expect(plans[0] == plans[1] && plans[0].language == "node")
        #expect(small.reads == large.reads && large.reads <= 10, "\(small.reads) and \(large.reads) files were read")
        #expect(small.lookUps == large.lookUps && large.lookUps <= 1_000, "\(small.lookUps), \(large.lookUps) look-ups")
        // Three levels are listed from the start, and more for patterns that go deeper.
        let names = 2 * 50_000 + 3 * 500 + 2
        #expect(large.visited <= 3 * names, "\(large.visited) of \(names) names were visited")
    }

    /// Built for debugging this takes many times as long as in a release, of which docs/benchmarks.md has the numbers.
    @Test("50,000 files take less than two seconds of processor time, without any optimization")
    func time() throws {
        let rules = try shippedRules()
        let start = processorTime()
        _ = try rules.plan(tree: CountedTree(files: 50_000))
        let spent = processorTime() - start
        #expect(spent < .seconds(2), "\(spent)")
    }
}
