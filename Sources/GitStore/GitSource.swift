package import BuildModel

/// What is to be fetched: a repository and a place in it.
package struct GitSource: Sendable, Hashable {
    /// A URL, or the scp-like form `user@host:path`. May carry credentials: they are used, never stored or shown.
    package var url: String
    /// A branch or tag by its short or full name; nil for the default branch.
    package var branch: String?
    /// A full or abbreviated commit id; it decides, whatever the branch.
    package var commit: String?
    /// The directory to build, without leading or trailing slashes; empty for the whole repository.
    package var rootDirectory: String

    package init(url: String, branch: String? = nil, commit: String? = nil, rootDirectory: String = "") {
        self.url = url
        self.branch = branch
        self.commit = commit
        self.rootDirectory = rootDirectory
    }

    /// The source that a request names.
    package init(_ request: BuildRequest) {
        self.init(
            url: request.repositoryURL,
            branch: request.branch,
            commit: request.commitSHA,
            rootDirectory: request.rootDirectory
        )
    }
}
