import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// Commits that git would not make.
@Suite("Hostile commits")
struct HostileCommitTests {
    let fixture: GitFixture

    init() throws {
        fixture = try GitFixture()
    }

    /// Makes a commit object by hand on `main`.
    private func commit(_ repository: GitRepository, time: String, message: String = "By hand") async throws {
        let tree = try await repository.git("rev-parse", "HEAD^{tree}")
        let text = "tree \(tree)\nauthor a <a@b> 0 +0000\ncommitter a <a@b> \(time) +0000\n\n\(message)\n"
        let id = try await repository.git(
            "hash-object",
            "-w",
            "--literally",
            "-t",
            "commit",
            "--stdin",
            input: Array(text.utf8)
        )
        // The name of a commit that git's own commands refuse to look at.
        try Files.writeAtomically(Array("\(id)\n".utf8), to: "\(repository.path)/.git/refs/heads/main")
    }

    @Test(
        "a time before 1970 or after 9999 is taken for the nearest that an image can have",
        arguments: [
            ("-9223372036854775808", Int64(0)), ("-1", 0), ("9223372036854775807", 253_402_300_799),
            ("1700000000", 1_700_000_000),
        ]
    )
    func time(time: String, expected: Int64) async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a": "1"])
        try await commit(repository, time: time)
        let revision = try await LocalRepository.open(repository.path).revision()
        #expect(revision.committedAt == expected)
        #expect(["1970-01-01", "9999-12-31", "2023-11-14"].contains(Timestamp.text(seconds: expected).prefix(10)))
    }

    @Test("a commit that is too large to be real is refused")
    func large() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["a": "1"])
        try await commit(repository, time: "0", message: String(repeating: "m", count: 9 << 20))
        let local = try await LocalRepository.open(repository.path)
        let failure = try await failure { try await local.revision() }
        #expect(failure.code == .limitExceeded && failure.fault == .code)
        #expect(failure.message.contains("commit"))
    }
}
