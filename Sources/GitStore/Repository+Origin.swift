internal import CGit2

extension Repository {
    /// The URL of the remote `origin`, without user name and password: where others find the same commits. Empty if there is no such
    /// remote or its URL is a path of this machine, which means nothing elsewhere and is nobody else's business.
    var originURL: String { origin.map { $0.scheme == "file" ? "" : $0.display } ?? "" }

    /// The URL of the remote `origin`, if there is one that can be read as a URL or an absolute path.
    var origin: RepositoryURL? {
        var remote: OpaquePointer?
        guard unsafe git_remote_lookup(&remote, pointer, "origin") == 0, let remote = unsafe remote else { return nil }
        defer { unsafe git_remote_free(remote) }
        guard let text = unsafe git_remote_url(remote) else { return nil }
        return try? RepositoryURL(parsing: unsafe String(cString: text))
    }
}
