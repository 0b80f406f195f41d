internal import BuildModel

/// The repository that has a revision's root directory: the revision's own, or that of the innermost submodule around it.
struct RootPlace: Sendable {
    /// Where the repository stands in the revision; empty for its own.
    let path: String
    let commit: ObjectID
    let repositoryURL: String
    /// The root directory within the repository; empty for its top.
    let directory: String

    init(of revision: Revision) {
        let root = revision.rootDirectory
        let around = revision.submodules.filter { "\(root)/".hasPrefix("\($0.path)/") }
        let submodule = around.max { $0.path.utf8.count < $1.path.utf8.count }
        path = submodule?.path ?? ""
        commit = submodule?.commit ?? revision.commit
        repositoryURL = submodule?.repositoryURL ?? revision.repositoryURL
        directory = submodule == nil ? root : String(root.dropFirst(path.count + 1))
    }
}

extension Repository {
    /// Files with a name in the directories above a root directory, by their paths from the revision's top.
    ///
    /// - Throws: as `RevisionSource.files(named:above:limit:)`.
    func files(named name: String, above root: RootPlace, limit: Int64) throws -> [String: [UInt8]] {
        guard !root.directory.isEmpty else { return [:] }
        let url = root.repositoryURL
        let whole = try revision(of: root.commit, url: url, reference: nil, rootDirectory: "")
        let prefix = root.path.isEmpty ? "" : "\(root.path)/"
        do {
            let tree = try ObjectTree(self, root: whole.tree, maximumBlobBytes: limit)
            var found: [String: [UInt8]] = [:]
            var directory = ""
            for part in root.directory.split(separator: "/") {
                let path = directory + name
                if let bytes = try tree.bytes(at: path, limit: limit) { found[prefix + path] = bytes }
                directory += part + "/"
                guard try tree.entry(at: String(directory.dropLast()))?.kind == .directory else { break }
            }
            return found
        } catch let error as LibraryError {
            throw error.damage("The copy of \(url) at commit \(root.commit.short)")
        }
    }
}
