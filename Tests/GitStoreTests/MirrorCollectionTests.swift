import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// What a node keeps of repositories is bounded.
@Suite("Collecting repositories")
struct MirrorCollectionTests {
    private let fixture: GitFixture
    private let mirrors: Mirrors
    private static let day = Duration.seconds(86_400)

    init() throws {
        fixture = try GitFixture()
        mirrors = try fixture.mirrors { $0.allowedSchemes.insert("file") }
    }

    /// A repository with a file of Git LFS, which is taken from its own directory.
    private func fetched(_ name: String) async throws -> Revision {
        let repository = try await fixture.repository(name)
        try await repository.git("lfs", "install", "--local", "--skip-repo")
        try await repository.commit(["a.bin": "film \(name)", ".gitattributes": "*.bin filter=lfs -text\n"])
        return try await mirrors.fetch(GitSource(url: "file://\(repository.path)"), log: fixture.log)
    }

    private var names: Set<String> {
        get throws { Set(try Directories.list(fixture.scratch("mirrors")).filter { $0.hasSuffix(".git") }) }
    }

    private func lock(_ name: String) -> String { fixture.scratch("mirrors/\(name.dropLast(4)).lock") }

    @Test("the longest unused go first, with their files of Git LFS, and what was used lately stays")
    func budget() async throws {
        _ = try await fetched("old")
        let old = try names
        #expect(old.count == 2)
        let kept = try await fetched("new")
        let whole = try await mirrors.collect(budget: .max, age: Self.day * 30, recent: Self.day)
        #expect(whole.removed == 0 && whole.keptBytes > 0)
        #expect(try await mirrors.collect(budget: 0, age: Self.day * 30, recent: Self.day).removed == 0)
        for name in old { try await Command.output(["touch", "-d", "2 days ago", lock(name)]) }
        // Locks of before were never touched: what got objects since was used.
        #expect(try await mirrors.collect(budget: 0, age: Self.day * 30, recent: Self.day).removed == 0)
        for name in old {
            let places = ["", "/objects/pack"].map { "\(fixture.scratch("mirrors/\(name)"))\($0)" }
            try await Command.output(["touch", "-c", "-d", "2 days ago"] + places)
        }
        #expect(try await mirrors.collect(budget: whole.keptBytes, age: Self.day * 30, recent: Self.day).removed == 0)
        let collected = try await mirrors.collect(budget: whole.keptBytes - 1, age: Self.day * 30, recent: Self.day)
        #expect(collected.removed > 0 && collected.keptBytes + collected.removedBytes == whole.keptBytes)
        let aged = try await mirrors.collect(budget: .max, age: Self.day, recent: Self.day)
        #expect(aged.removed == 2 - collected.removed)
        #expect(try names.isDisjoint(with: old) && names.count == 2)
        #expect(try await mirrors.text("a.bin", of: kept) == "film new")
        let again = try await fetched("old")
        #expect(try await mirrors.text("a.bin", of: again) == "film old")
    }

    @Test("is due where nobody did within a while, and where there is something to collect from")
    func due() async throws {
        let (directory, none) = (fixture.scratch("mirrors"), fixture.scratch("none"))
        try Directories.create(directory)
        #expect(Mirrors.isCollectionDue(in: directory, every: Self.day))
        #expect(!Mirrors.isCollectionDue(in: none, every: Self.day))
        _ = try await mirrors.collect(budget: .max, age: Self.day, recent: Self.day)
        #expect(!Mirrors.isCollectionDue(in: directory, every: Self.day))
        for (when, isDue) in [("23 hours ago", false), ("25 hours ago", true), ("now + 3 days", true)] {
            try await Command.output(["touch", "-d", when, "\(directory)/collected"])
            #expect(Mirrors.isCollectionDue(in: directory, every: Self.day) == isDue, "\(when)")
        }
    }

    @Test("what a fetch holds stays, and what was half removed goes")
    func locked() async throws {
        _ = try await fetched("app")
        let held = try #require(try names.first)
        // A process that was just about to start may have the fetch's lock a moment longer.
        let lock = try await FileLock.take(lock(held), .exclusive, within: .seconds(60), operation: "test")
        try Directories.create(fixture.scratch("mirrors/x.git.removed/objects"))
        let collected = try await mirrors.collect(budget: 0, age: .zero, recent: .zero)
        #expect(collected.removed == 1)
        #expect(try names == [held])
        #expect(!Directories.exists(fixture.scratch("mirrors/x.git.removed")))
        withExtendedLifetime(lock) {}
    }
}
