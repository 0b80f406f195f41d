import BuildModel
import Platform
import TestSupport
import Testing

@testable import GitStore

@Suite("Looking for files in Git LFS")
struct LargeFileScanTests {
    private let fixture: GitFixture
    private static let pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "4d", count: 32))\nsize 5\n"

    init() throws {
        fixture = try GitFixture()
    }

    /// What a fetch of a repository with these files fails with, where files of Git LFS are refused.
    private func refusal(_ files: [String: String]) async throws -> BuildFailure {
        let repository = try await fixture.repository()
        try await repository.commit(files)
        let mirrors = try fixture.mirrors {
            $0.allowedSchemes.insert("file")
            $0.largeFiles = .refuse
        }
        let source = GitSource(url: "file://\(repository.path)")
        return try await failure { try await mirrors.fetch(source, log: fixture.log) }
    }

    @Test("a chain of macros as long as a file can hold is an error that says so")
    func chain() async throws {
        let lines = (0..<15_000).map { "[attr]\($0) \($0 + 1)\n" }.joined()
        let failure = try await refusal([".gitattributes": lines + "* 0\n", "a": Self.pointer])
        #expect(failure.code == .limitExceeded)
        #expect(failure.message.contains("1000 macros"), "\(failure)")
    }

    @Test("attribute files that are too large together are refused before they are read")
    func together() async throws {
        let text = String(repeating: "a b\n", count: 64_000)
        var files = [String: String]()
        for number in 1...17 { files["d\(number)/.gitattributes"] = text }
        let failure = try await refusal(files)
        #expect(failure.code == .limitExceeded)
        #expect(failure.message.contains("4 MiB of '.gitattributes'"), "\(failure)")
    }

    @Test("a tree that was looked through is known by its id: no object is read again, and a torn note is not believed")
    func known() async throws {
        let repository = try await fixture.repository()
        try await repository.commit([
            ".gitattributes": "*.bin filter=lfs\n", "a\n.bin": Self.pointer, "b.bin": Self.pointer, "c.txt": "c",
        ])
        let root = try #require(ObjectID(hex: try await repository.git("rev-parse", "HEAD^{tree}")))
        try Library.start()
        let known = ScannedTrees(path: fixture.scratch("known"))
        func scan() throws -> [LargeFile] {
            let opened = try Repository(opening: "\(repository.path)/.git")
            let flag = CancelFlag()
            return try LargeFileScan(opened, root: root, directory: "", known: known, cancelFlag: flag).files()
        }
        let files = try scan()
        #expect(files.map(\.path) == [Array("a\n.bin".utf8), Array("b.bin".utf8)])
        try Directories.remove("\(repository.path)/.git/objects")
        try Directories.create("\(repository.path)/.git/objects")
        #expect(try scan() == files)
        let lists = fixture.scratch("known-with-files")
        let name = try #require(try Directories.list(lists).first)
        let bytes = try Files.read("\(lists)/\(name)")
        try Files.writeAtomically(Array(bytes.dropLast(bytes.count / 3)), to: "\(lists)/\(name)")
        #expect(throws: BuildFailure.self) { try scan() }
        for number in 0..<100 { known.add(files, of: root, "\(number)") }
        #expect(try Directories.list(lists).count == 64)
    }

    @Test("the top's macros count in directories that are sorted before it")
    func order() async throws {
        let failure = try await refusal([
            ".gitattributes": "[attr]big filter=lfs\n", "!d/.gitattributes": "*.dat big\n", "!d/a.dat": Self.pointer,
        ])
        #expect(failure.code == .largeFilesRefused)
        #expect(failure.message.contains("'!d/a.dat'"), "\(failure)")
    }
}
