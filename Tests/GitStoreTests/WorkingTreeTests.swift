import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// What differs from the commit is seen, however little of it meets the eye.
@Suite("Working trees")
struct WorkingTreeTests {
    let fixture: GitFixture

    init() throws {
        fixture = try GitFixture()
    }

    /// A change of the working tree of `sample`, as a shell makes it, and whether it counts.
    struct Change: Sendable, CustomTestStringConvertible {
        var name: String
        var command: String
        var counts = true

        var testDescription: String { name }
    }

    static let changes = [
        Change(name: "nothing", command: "true", counts: false),
        Change(name: "a look at everything", command: "git status", counts: false),
        Change(name: "a file is rewritten", command: "echo other > src/deep/er/b.txt"),
        Change(name: "with its size as it was", command: "printf 'B\\n' > src/deep/er/b.txt"),
        Change(
            name: "with its size and time as they were",
            command:
                "cp -p src/deep/er/b.txt ../kept && printf 'B\\n' > src/deep/er/b.txt && touch -r ../kept src/deep/er/b.txt"
        ),
        Change(name: "a file is touched and has what it had", command: "touch -d 2001-02-03 src/a.txt", counts: false),
        Change(name: "a file may be run", command: "chmod +x src/a.txt"),
        Change(name: "a file is gone", command: "rm src/a.txt"),
        Change(name: "a directory is gone", command: "rm -r src/deep"),
        Change(name: "a link leads elsewhere", command: "ln -sfn other link"),
        Change(name: "a file is a link to the same", command: "mv src/a.txt ../a.txt && ln -s ../../a.txt src/a.txt"),
        Change(name: "a directory is a link to the same", command: "mv src/deep ../deep && ln -s ../../deep src/deep"),
        Change(name: "a directory is a file", command: "rm -r src/deep && touch src/deep"),
        Change(name: "a file more at the top", command: "touch more"),
        Change(name: "a file more where there are others", command: "touch src/deep/er/c.txt"),
        Change(name: "a file more in a new directory", command: "mkdir -p src/new/er && touch src/new/er/c.txt"),
        Change(name: "a file in another's place", command: "rm src/a.txt && touch src/z.txt"),
        Change(name: "a name that is no UTF-8", command: "touch \"$(printf 'src/f\\377')\""),
        Change(name: "an empty directory more", command: "mkdir -p src/new/er", counts: false),
        Change(
            name: "what is ignored",
            command: "touch src/x.log src/deep/y.log && mkdir -p src/tmp && touch src/tmp/z",
            counts: false
        ),
        Change(name: "what is ignored, and a file more", command: "touch src/x.log src/deep/y"),
        Change(name: "a change that is staged", command: "echo other > src/a.txt && git add src/a.txt"),
        Change(
            name: "a change that is staged and taken back in the tree alone",
            command: "cp -p src/a.txt ../kept && echo other > src/a.txt && git add src/a.txt && cp -p ../kept src/a.txt"
        ),
        Change(name: "a removal that is staged", command: "git rm -q --cached src/a.txt"),
        Change(name: "another commit is checked out", command: "git checkout -q HEAD~1", counts: false),
        Change(name: "the branch is moved alone", command: "git reset -q --soft HEAD~1"),
        Change(name: "there is no index", command: "rm .git/index"),
        Change(name: "an index of version 4", command: "git update-index --index-version 4", counts: false),
        Change(
            name: "an index of version 4, and a file more",
            command: "git update-index --index-version 4 && touch more"
        ),
        Change(
            name: "a promise that a file has not changed, which it has",
            command: "git update-index --assume-unchanged src/a.txt && echo other > src/b.txt"
        ),
    ]

    @Test("what counts as a change is seen", arguments: changes)
    func change(_ change: Change) async throws {
        let repository = try await sample()
        let local = try await LocalRepository.open(repository.path)
        try await Command.output(["sh", "-ec", change.command], in: repository.path)
        #expect(try await local.hasUncommittedChanges() == change.counts)
    }

    @Test("a change right after the commit is seen, though it has the size and perhaps the time of what was committed")
    func race() async throws {
        let repository = try await sample()
        let local = try await LocalRepository.open(repository.path)
        for turn in 0..<20 {
            let command =
                "printf 'x\(turn % 10)\\n' > src/a.txt && git add src/a.txt && git -c user.name=A -c user.email=a@example.org"
                + " commit -q -m turn && printf 'y\(turn % 10)\\n' > src/a.txt"
            try await Command.output(["sh", "-ec", command], in: repository.path)
            #expect(try await local.hasUncommittedChanges(), "turn \(turn)")
            try await repository.git("checkout", "-q", "--", ".")
        }
    }

    @Test("a directory that is built is looked at alone, also where there are others whose names begin as its own")
    func directory() async throws {
        let repository = try await fixture.repository()
        try await repository.commit(["web/a": "1", "web/deep/b": "1", "web2/a": "1", "web-old": "1", "a": "1"])
        let web = try await LocalRepository.open("\(repository.path)/web")
        try await Command.output(["sh", "-ec", "touch more web2/more && echo 2 > a"], in: repository.path)
        #expect(try await !web.hasUncommittedChanges())
        try await Command.output(["touch", "web/deep/c"], in: repository.path)
        #expect(try await web.hasUncommittedChanges())
    }

    @Test("an index of any bytes is no reason to end", arguments: 0..<40)
    func damage(_ seed: Int) async throws {
        let repository = try await sample()
        let path = "\(repository.path)/.git/index"
        var bytes = try Files.read(path)
        for step in 0..<4 { bytes[(seed * 7919 + step * 104_729) % bytes.count] = UInt8((seed * 31 + step * 17) % 256) }
        if seed % 4 == 0 { bytes.removeLast(seed % bytes.count) }
        try Files.writeAtomically(bytes, to: path)
        try await Command.output(["touch", "more"], in: repository.path)
        let local = try await LocalRepository.open(repository.path)
        // The library may well refuse it: what must not happen is that it is taken for unchanged.
        let isChanged = try? await local.hasUncommittedChanges()
        #expect(isChanged != false)
    }

    private func sample() async throws -> GitRepository {
        let repository = try await fixture.repository()
        try await repository.commit(["first": "1", ".gitignore": "*.log\ntmp/\n"])
        try await Command.output(["ln", "-s", "src", "link"], in: repository.path)
        try await repository.commit([
            "src/a.txt": "a\n", "src/b.txt": "b\n", "src/deep/er/b.txt": "b\n", "src.txt": "s\n",
        ])
        return repository
    }
}
