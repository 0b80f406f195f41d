internal import BuildModel

extension Repository {
    /// Files with a name in the directories above a revision's root directory, by their paths from the repository's top.
    ///
    /// - Throws: as `RevisionSource.files(named:above:limit:)`.
    func files(named name: String, above revision: Revision, limit: Int64) throws -> [String: [UInt8]] {
        guard !revision.rootDirectory.isEmpty else { return [:] }
        let url = revision.repositoryURL
        let whole = try self.revision(of: revision.commit, url: url, reference: nil, rootDirectory: "")
        do {
            let tree = try ObjectTree(self, root: whole.tree, maximumBlobBytes: limit)
            var found: [String: [UInt8]] = [:]
            var directory = ""
            for part in revision.rootDirectory.split(separator: "/") {
                let path = directory + name
                if let bytes = try tree.bytes(at: path, limit: limit) { found[path] = bytes }
                directory += part + "/"
                // Within a submodule there is another repository's tree, which this one does not have.
                guard try tree.entry(at: String(directory.dropLast()))?.kind == .directory else { break }
            }
            return found
        } catch let error as LibraryError {
            throw error.damage("The copy of \(url) at commit \(revision.commit.short)")
        }
    }
}
