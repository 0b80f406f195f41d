/// A repository whose files stand in a directory of another one's revision: gitsubmodules(7).
package struct Submodule: Sendable, Hashable {
    /// Where it stands, relative to the top of the revision's repository, without leading or trailing slashes.
    package var path: String
    package var commit: ObjectID
    /// The repository's URL without credentials.
    package var repositoryURL: String
    /// Whether files of Git LFS stand in its tree in the places of pointers.
    package var hasLargeFiles = false

    package init(path: String, commit: ObjectID, repositoryURL: String) {
        self.path = path
        self.commit = commit
        self.repositoryURL = repositoryURL
    }
}
