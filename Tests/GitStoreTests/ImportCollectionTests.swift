import BuildModel
import Platform
import TestSupport
import Testing

@testable import GitStore

@Suite("The copy of a directory that is built again and again")
struct ImportCollectionTests {
    private let fixture: GitFixture
    private let mirrors: Mirrors
    private static let day = Duration.seconds(86_400)

    init() throws {
        fixture = try GitFixture()
        mirrors = try fixture.mirrors()
    }

    private var kept: String { KeptImport(of: fixture.scratch("plain"), in: fixture.scratch("mirrors")).path }

    private func take(_ text: String, in cache: String = "mirrors") async throws -> (LocalRepository, Revision) {
        try fixture.scratch.write(text, to: "plain/f")
        let local = try await LocalRepository.importing(
            directory: fixture.scratch("plain"),
            keptIn: fixture.scratch(cache),
            settled: .seconds(-60)
        )
        return (local, try await local.revision())
    }

    private func collect() async throws {
        _ = try await mirrors.collect(budget: .max, age: Self.day * 30, recent: Self.day)
    }

    /// Has a commit been taken in two days earlier.
    private func age(_ revision: Revision) throws {
        let list = "\(kept)/slipway-commits"
        let lines = String(decoding: try Files.read(list), as: UTF8.self).split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            guard words[1] == revision.commit.hex, let time = Int64(words[0]) else { return String(line) }
            return "\(time - 2 * Self.day.milliseconds) \(words[1])"
        }
        try Files.writeAtomically(Array((lines.joined(separator: "\n") + "\n").utf8), to: list)
    }

    private func objects(of repository: String) async throws -> Set<String> {
        let words = ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]
        return Set(try await Command.output(["git", "-C", repository] + words).lines)
    }

    @Test("has what was built within a day and what is there now, and no more")
    func pruned() async throws {
        try fixture.scratch.write("the same", to: "plain/deep/down/g")
        let first = try await take("one")
        let second = try await take("two")
        try await collect()
        #expect(try await first.0.text("f", of: first.1) == "one")
        #expect(try await second.0.text("f", of: second.1) == "two")
        let third = try await take("three")
        let before = try await objects(of: kept)
        try fixture.scratch.write("left by a build that was killed", to: "mirrors/x")
        try Files.rename(fixture.scratch("mirrors/x"), to: "\(kept)/objects/tmp_object_git2_x")
        try age(first.1)
        try await collect()
        let after = try await objects(of: kept)
        // A file, its tree and the commit.
        #expect(after.isSubset(of: before) && before.count - after.count == 3)
        #expect(!Files.exists("\(kept)/objects/tmp_object_git2_x"))
        #expect(try await second.0.text("f", of: second.1) == "two")
        #expect(try await third.0.text("f", of: third.1) == "three")
        #expect(try await third.0.text("deep/down/g", of: third.1) == "the same")
        // However long ago it was, the next build begins with the latest.
        for revision in [second.1, third.1] { try age(revision) }
        try await collect()
        _ = try await take("three", in: "other")
        let fresh = KeptImport(of: fixture.scratch("plain"), in: fixture.scratch("other")).path
        #expect(try await objects(of: kept) == objects(of: fresh))
        let again = try await take("three")
        #expect(again.1.tree == third.1.tree && again.0.imported?.readFiles == 1)
    }

    @Test("stays as it is while it is taken in, and where it cannot be read")
    func left() async throws {
        let first = try await take("one")
        _ = try await take("two")
        try age(first.1)
        let before = try await objects(of: kept)
        do {
            let lock = try await MirrorLock.acquire(KeptImport(at: kept).lockPath)
            try await collect()
            #expect(try await objects(of: kept) == before)
            withExtendedLifetime(lock) {}
        }
        let head = try Files.read("\(kept)/HEAD")
        try Files.remove("\(kept)/HEAD")
        try await collect()
        try Files.writeAtomically(head, to: "\(kept)/HEAD")
        #expect(try await objects(of: kept) == before)
        try await collect()
        #expect(try await objects(of: kept).count == before.count - 3)
    }
}
