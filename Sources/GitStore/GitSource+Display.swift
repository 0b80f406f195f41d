extension GitSource {
    /// The URL without user name and password; a text that is no URL is not shown at all, for it may hold a password.
    package var displayURL: String { (try? RepositoryURL(parsing: url))?.display ?? "the repository" }
}
