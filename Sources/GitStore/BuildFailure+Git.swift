package import BuildModel

extension BuildFailure.Code {
    /// There is no such branch or tag.
    package static let branchNotFound = Self(rawValue: "branch_not_found")
    /// There is no such commit, or the server does not hand it out.
    package static let commitNotFound = Self(rawValue: "commit_not_found")
    /// More than one commit begins with the digits that were given.
    package static let ambiguousCommit = Self(rawValue: "ambiguous_commit")
    /// The host answers, and has no such repository (or does not admit to it).
    package static let repositoryNotFound = Self(rawValue: "repository_not_found")
    /// An ssh host shows a key that `known_hosts` does not have for it.
    package static let hostKeyMismatch = Self(rawValue: "host_key_mismatch")
    /// The server sends the request to another host.
    package static let redirected = Self(rawValue: "redirected")
    /// The repository has no commits.
    package static let emptyRepository = Self(rawValue: "empty_repository")
    /// The revision has no such directory.
    package static let rootDirectoryNotFound = Self(rawValue: "root_directory_not_found")
    /// The configuration does not allow the URL's scheme.
    package static let schemeNotAllowed = Self(rawValue: "scheme_not_allowed")
    /// The configuration does not allow the URL's host.
    package static let hostNotAllowed = Self(rawValue: "host_not_allowed")
    /// Objects are missing or broken.
    package static let damaged = Self(rawValue: "damaged")
    /// A tree has names that no file system should be given.
    package static let unsafeTree = Self(rawValue: "unsafe_tree")
    /// The revision has files in Git LFS, and the configuration does not fetch them.
    package static let largeFilesRefused = Self(rawValue: "large_files_refused")
    /// There is no Git LFS server, or it does not answer as one.
    package static let largeFilesUnavailable = Self(rawValue: "large_files_unavailable")
    /// The Git LFS server does not have a file that the revision points to.
    package static let largeFileNotFound = Self(rawValue: "large_file_not_found")
}

extension BuildFailure {
    /// A failure of fetching that the person who asked for the build can mend.
    static func source(_ code: Code, _ message: String, cause: String? = nil) -> BuildFailure {
        BuildFailure(.code, code, operation: "git.fetch", message: message, cause: cause)
    }

    /// A failure of the network or the node that may pass.
    static func passing(_ code: Code, _ message: String, cause: String? = nil) -> BuildFailure {
        BuildFailure(.platform, code, operation: "git.fetch", message: message, cause: cause, isRetryable: true)
    }

    static func unreachable(_ url: RepositoryURL, cause: String) -> BuildFailure {
        .passing(
            .unreachable,
            "Cannot reach \(url.address) for \(url.display); check the host name and the network.",
            cause: cause
        )
    }

    static func fetchTimedOut(_ url: RepositoryURL, _ limit: Duration) -> BuildFailure {
        .timedOut(
            operation: "git.fetch",
            message: "Fetching \(url.display) took longer than \(limit) (git.timeoutSeconds)."
        )
    }

    static func repositoryNotFound(_ url: RepositoryURL, cause: String?) -> BuildFailure {
        .source(
            .repositoryNotFound,
            "There is no repository at \(url.display), or it is not shown without the right credential.",
            cause: cause
        )
    }

    static func damaged(_ what: String, cause: String?) -> BuildFailure {
        BuildFailure(
            .platform,
            .damaged,
            operation: "git.read",
            message: "\(what) is damaged or incomplete; it is fetched anew the next time.",
            cause: cause,
            isRetryable: true
        )
    }

    static func emptyRepository(_ shown: String) -> BuildFailure {
        .source(.emptyRepository, "The repository \(shown) has no commits yet; push one.")
    }

    static func commitNotFound(_ commit: String, in shown: String) -> BuildFailure {
        .source(
            .commitNotFound,
            "\(shown) has no commit \(commit) on any branch or tag, and does not hand it out by its id; push it first."
        )
    }
}
