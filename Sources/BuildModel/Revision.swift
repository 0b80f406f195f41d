/// A commit with its tree: what is built.
package struct Revision: Sendable, Hashable {
    package var commit: ObjectID
    /// The tree of the app root (the whole repository's where the root directory is empty), submodules' trees in their places.
    package var tree: ObjectID
    /// The repository's URL without credentials.
    package var repositoryURL: String
    /// The branch or tag that was asked for or is the default, if any.
    package var reference: String?
    /// The directory that is built, without leading or trailing slashes; empty for the whole repository.
    package var rootDirectory: String
    package var commitMessage: String
    package var authorName: String
    package var authorEmail: String
    /// The committer's time in seconds since 1970.
    package var committedAt: Int64
    /// What stands in the whole repository's tree in the place of submodules, those of submodules too.
    package var submodules: [Submodule] = []
    /// Whether files of Git LFS stand in its own repository's tree in the places of pointers.
    package var hasLargeFiles = false
    /// sha256 of what its files have beyond what git keeps of them, which its tree's id does not name; nil for a commit.
    package var details: Digest?

    package init(
        commit: ObjectID,
        tree: ObjectID,
        repositoryURL: String,
        reference: String?,
        rootDirectory: String,
        commitMessage: String,
        authorName: String,
        authorEmail: String,
        committedAt: Int64
    ) {
        self.commit = commit
        self.tree = tree
        self.repositoryURL = repositoryURL
        self.reference = reference
        self.rootDirectory = rootDirectory
        self.commitMessage = commitMessage
        self.authorName = authorName
        self.authorEmail = authorEmail
        self.committedAt = committedAt
    }
}
