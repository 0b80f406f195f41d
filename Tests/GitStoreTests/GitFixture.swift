import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// One test's place: repositories to serve, and a directory for mirrors.
final class GitFixture: Sendable {
    let scratch: Scratch
    /// The directory that servers serve.
    let root: String
    let log = CollectedLog()

    init() throws {
        scratch = try Scratch()
        root = scratch("served")
        try Directories.create(root)
    }

    func repository(_ name: String = "app") async throws -> GitRepository {
        try await GitRepository(at: "\(root)/\(name)")
    }

    func settings(_ change: (inout GitSettings) -> Void = { _ in }) -> GitSettings {
        var settings = GitSettings(directory: scratch("mirrors"))
        settings.timeout = .seconds(300)
        change(&settings)
        return settings
    }

    func mirrors(_ change: (inout GitSettings) -> Void = { _ in }) throws -> Mirrors {
        try Mirrors(settings(change))
    }

    /// The one mirror that there is.
    func mirrorPath() throws -> String {
        let names = try Directories.list(scratch("mirrors")).filter { $0.hasSuffix(".git") }
        return scratch("mirrors/\(try #require(names.first))")
    }

    /// Runs git in the one mirror.
    func mirrorGit(_ words: String...) async throws -> String {
        let words = ["git", "-c", "safe.directory=*", "--git-dir", try mirrorPath()] + words
        return try await Command.output(words).lines.joined(separator: "\n")
    }
}

/// The failure that `body` ends with.
func failure(_ body: () async throws -> some Any) async throws -> BuildFailure {
    do {
        let value = try await body()
        Issue.record("no failure but \(value)")
    } catch let failure as BuildFailure {
        return failure
    }
    throw CancellationError()
}

extension RevisionSource {
    /// All entries of a revision, in the order of the walk.
    func entries(of revision: Revision) async throws -> [TreeEntry] {
        try await withTree(of: revision) { tree in
            var entries: [TreeEntry] = []
            try tree.walk {
                entries.append($0)
                return .proceed
            }
            return entries
        }
    }

    /// A file's text.
    func text(_ path: String, of revision: Revision) async throws -> String? {
        try await withTree(of: revision) { tree in
            try tree.bytes(at: path, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
        }
    }
}
