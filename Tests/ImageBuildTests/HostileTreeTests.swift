import BuildModel
import ImageBuild
import Platform
import TestSupport
import Testing

/// Trees that nobody makes by accident.
@Suite struct HostileTreeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var items: [InMemoryTree.Item]
        var code: String
        /// What the message has to name.
        var named: String
    }

    static let cases: [Case] = [
        Case(testDescription: "a parent", items: [.file("../etc/passwd")], code: "unsafe_path", named: "../etc/passwd"),
        Case(testDescription: "two dots", items: [.directory("..")], code: "unsafe_path", named: ".."),
        Case(testDescription: "one dot", items: [.file(".")], code: "unsafe_path", named: "'.'"),
        Case(
            testDescription: "two dots in the middle",
            items: [.directory("a"), .directory("a/.."), .file("a/../b")],
            code: "unsafe_path",
            named: "a/.."
        ),
        Case(
            testDescription: "an absolute path",
            items: [.file("/etc/passwd")],
            code: "unsafe_path",
            named: "/etc/passwd"
        ),
        Case(testDescription: "an empty path", items: [.file("")], code: "unsafe_path", named: "empty"),
        Case(
            testDescription: "an empty part",
            items: [.directory("a"), .file("a//b")],
            code: "unsafe_path",
            named: "a//b"
        ),
        Case(
            testDescription: "a trailing slash",
            items: [.directory("a"), .file("a/")],
            code: "unsafe_path",
            named: "a/"
        ),
        Case(testDescription: "a NUL byte", items: [.file("a\u{0}b")], code: "unsafe_path", named: "NUL"),
        Case(testDescription: "a file twice", items: [.file("a"), .file("a")], code: "unsafe_path", named: "'a'"),
        Case(
            testDescription: "a link and a directory of one name, with another between them",
            items: [.link("a", "/etc"), .file("a.b"), .directory("a"), .file("a/passwd")],
            code: "unsafe_path",
            named: "'a'"
        ),
        Case(
            testDescription: "a file below a link",
            items: [.link("a", "/etc"), .file("a/passwd")],
            code: "unsafe_path",
            named: "a/passwd"
        ),
        Case(
            testDescription: "a directory left and entered again",
            items: [.directory("a"), .file("b"), .file("a/c")],
            code: "unsafe_path",
            named: "a/c"
        ),
        Case(
            testDescription: "a name of 256 bytes",
            items: [.file(String(repeating: "n", count: 256))],
            code: "unsafe_path",
            named: "255"
        ),
        Case(
            testDescription: "a path of over 4095 bytes",
            items: (1...21).map {
                .directory(Array(repeating: String(repeating: "d", count: 200), count: $0).joined(separator: "/"))
            },
            code: "unsafe_path",
            named: "4095"
        ),
        Case(testDescription: "a whiteout", items: [.file(".wh.passwd")], code: "reserved_name", named: ".wh.passwd"),
        Case(
            testDescription: "an opaque whiteout",
            items: [.directory("d"), .file("d/.wh..wh..opq")],
            code: "reserved_name",
            named: "d/.wh..wh..opq"
        ),
        Case(
            testDescription: "a directory named like a whiteout",
            items: [.directory(".wh.d")],
            code: "reserved_name",
            named: ".wh.d"
        ),
        Case(
            testDescription: "a submodule",
            items: [.directory("vendor"), .init(kind: .submodule, path: Array("vendor/lib".utf8))],
            code: "submodule_unsupported",
            named: "vendor/lib"
        ),
        Case(testDescription: "an empty link", items: [.link("l", "")], code: "unsafe_path", named: "'l'"),
        Case(testDescription: "a link to NUL", items: [.link("l", "a\u{0}b")], code: "unsafe_path", named: "'l'"),
        Case(
            testDescription: "an endless link",
            items: [.link("l", String(repeating: "x", count: 4096))],
            code: "limit_exceeded",
            named: "'l'"
        ),
    ]

    @Test("a hostile tree is the code's fault, and the entry is named", arguments: cases)
    func refused(_ testCase: Case) throws {
        let error = try #require(throws: BuildFailure.self) { _ = try LayerFixture.layer(testCase.items) }
        #expect(error.code.rawValue == testCase.code)
        #expect(error.fault == .code)
        #expect(!error.isRetryable)
        #expect(error.message.contains(testCase.named), "\(error.message)")
    }

    @Test(
        "names that only look hostile are kept",
        arguments: ["...", "..a", "a..", ".w", ".wh", "wh.a", "-", "~", "$HOME", "%2e%2e"]
    )
    func harmlessNames(name: String) async throws {
        let layer = try LayerFixture.layer([.directory(name), .file("\(name)/x"), .link("zz", "../../../etc/passwd")])
        #expect(try await LayerFixture.names(in: layer) == ["app/", "app/\(name)/", "app/\(name)/x", "app/zz"])
    }

    @Test("a path in an error cannot speak to a terminal, and is cut short")
    func shownPaths() throws {
        let name = ".wh.\u{1b}[31m\u{7}\u{9b}" + String(repeating: "x", count: 245)
        let error = try #require(throws: BuildFailure.self) { _ = try LayerFixture.layer([.file(name)]) }
        #expect(!error.message.unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(error.message.contains("x…"))
        #expect(!error.message.contains(String(repeating: "x", count: 220)))
    }

    @Test("a file over the limit is named with both sizes")
    func largeFile() throws {
        var settings = LayerFixture.settings()
        settings.maximumBlobBytes = 10
        let error = try #require(throws: BuildFailure.self) {
            _ = try LayerWriter.writeLayer(
                from: InMemoryTree(items: [.file("big.bin", "12345678901")]),
                at: "/app",
                comment: "",
                settings: settings,
                cancellation: CancelFlag()
            )
        }
        #expect(error.code == .limitExceeded)
        #expect(error.message.contains("big.bin") && error.message.contains("11") && error.message.contains("10"))
    }

    @Test("a cancelled layer ends between entries, and no later entry is read")
    func cancellation() throws {
        let cancellation = CancelFlag()
        let tree = CancellingTree(flag: cancellation, cancelAt: 5)
        let error = try #require(throws: BuildFailure.self) {
            _ = try LayerWriter.writeLayer(
                from: tree,
                at: "/app",
                comment: "",
                settings: LayerFixture.settings(),
                cancellation: cancellation
            )
        }
        #expect(error.code == .cancelled && error.fault == .cancelled)
        #expect(tree.visited.count == 5)
    }

    @Test("what the tree throws comes through", arguments: [0, 3])
    func failingTree(count: Int) {
        #expect(throws: InMemoryTree.Missing.self) {
            _ = try LayerFixture.layer(FailingTree(count: count))
        }
    }
}

/// A tree that is cancelled while it is read.
private final class CancellingTree: StoredTree {
    let id = ObjectID(bytes: [UInt8](repeating: 2, count: 20))
    var blobs: any BlobReader { InMemoryBlobs([id: [1]]) }
    let flag: CancelFlag
    let cancelAt: Int
    var visited: [Int] = []

    init(flag: CancelFlag, cancelAt: Int) {
        self.flag = flag
        self.cancelAt = cancelAt
    }

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        for number in 1...100 {
            visited.append(number)
            if number == cancelAt { flag.set() }
            _ = try visit(TreeEntry(kind: .file, path: Array("f\(number)".utf8), objectID: id, size: 1))
        }
    }

    func entry(at path: String) -> TreeEntry? { nil }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        try body([UInt8(1)].span.bytes)
    }
}

/// A tree with damaged objects: after `count` files of 300 KiB, nothing can be read.
private struct FailingTree: StoredTree {
    let id = ObjectID(bytes: [UInt8](repeating: 3, count: 20))
    /// Of the last file.
    private let missing = ObjectID(bytes: [UInt8](repeating: 4, count: 20))
    var blobs: any BlobReader { InMemoryBlobs([id: LayerFixture.noise(300 << 10)]) }
    let count: Int

    func walk(_ visit: (TreeEntry) throws -> WalkDirective) throws {
        for number in 0...count {
            let object = number == count ? missing : id
            _ = try visit(TreeEntry(kind: .file, path: Array("f\(number)".utf8), objectID: object, size: 300 << 10))
        }
    }

    func entry(at path: String) -> TreeEntry? { nil }

    func withContent<Result>(of entry: TreeEntry, limit: Int64, _ body: (RawSpan) throws -> Result) throws -> Result {
        throw InMemoryTree.Missing()
    }
}
