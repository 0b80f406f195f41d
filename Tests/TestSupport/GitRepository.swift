/// A repository that git itself made, with fixed authors and dates, so that ids are the same in every run.
package struct GitRepository: Sendable {
    /// The working tree.
    package let path: String

    private static let environment = [
        "GIT_AUTHOR_NAME": "Ada Example", "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada Example", "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
    ]

    /// One that was made before.
    package init(existing path: String) { self.path = path }

    /// Makes an empty repository on branch `main`.
    package init(at path: String) async throws {
        self.path = path
        try await Command.output(["git", "init", "-q", "-b", "main", path], environment: Self.environment)
        // What hosts such as GitHub allow.
        try await git("config", "uploadpack.allowAnySHA1InWant", "true")
        try await git("config", "receive.denyCurrentBranch", "ignore")
    }

    /// Runs git in the repository and returns its output without the line end.
    @discardableResult
    package func git(_ words: String..., time: Int = 1_700_000_000, input: [UInt8] = []) async throws -> String {
        let dates = ["GIT_AUTHOR_DATE": "\(time) +0000", "GIT_COMMITTER_DATE": "\(time) +0000"]
        let result = try await Command.output(
            ["git", "-C", path] + words,
            environment: Self.environment.merging(dates) { $1 },
            input: input
        )
        return result.lines.joined(separator: "\n")
    }

    /// Writes files, commits everything, and returns the commit's id.
    ///
    /// - Parameter time: the author's and committer's time.
    @discardableResult
    package func commit(
        _ files: [String: String],
        message: String = "Change files",
        time: Int = 1_700_000_000
    ) async throws -> String {
        let scratch = WorkingTree(path: path)
        for (name, text) in files { try scratch.write(text, to: name) }
        try await git("add", "-A")
        try await git("commit", "-q", "--allow-empty", "-m", message, time: time)
        return try await git("rev-parse", "HEAD")
    }
}
