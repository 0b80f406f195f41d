package import BuildModel

extension LocalRepository {
    /// Whether it is a plain directory that was taken in. A directory of that is taken in anew: what git does not keep of files is known by
    /// their paths from the top.
    package var isImported: Bool { imported != nil }

    package func revision(_ revision: Revision, at directory: String) async throws -> Revision {
        let tree = try await TreeReading.run(opening: treeOpener) { repository, _ in
            try repository.tree(at: directory, in: revision.tree)
        }
        return revision.moved(to: directory, tree)
    }
}
