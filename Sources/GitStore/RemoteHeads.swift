internal import BuildModel

/// What a server says it has: names of branches and tags, and the objects that they mean.
struct RemoteHeads: Sendable {
    struct Head: Sendable, Hashable {
        /// The full name, such as `refs/heads/main`.
        var name: String
        var id: ObjectID
    }

    /// In the server's order, without `HEAD` and without the peeled forms of tags.
    var heads: [Head]
    /// The full name of the branch that `HEAD` means.
    var defaultBranch: String?
    /// What `HEAD` means by itself, where the server names no branch for it.
    var detachedHead: ObjectID?

    /// Branch names, without `refs/heads/`.
    var branches: [String] { heads.map(\.name).filter { $0.hasPrefix(Self.branchPrefix) }.map(Self.short) }

    static let branchPrefix = "refs/heads/"
    static let tagPrefix = "refs/tags/"

    /// The branch or tag that a user means: a full name, a branch, then a tag.
    func head(named name: String) -> Head? {
        let candidates = name.hasPrefix("refs/") ? [name] : [Self.branchPrefix + name, Self.tagPrefix + name]
        for candidate in candidates {
            if let head = heads.first(where: { $0.name == candidate }) { return head }
        }
        return nil
    }

    /// The default branch.
    var defaultHead: Head? {
        if let defaultBranch { return heads.first { $0.name == defaultBranch } }
        guard let detachedHead else { return nil }
        return heads.first { $0.id == detachedHead && $0.name.hasPrefix(Self.branchPrefix) }
    }

    /// A full name without its `refs/heads/` or `refs/tags/`.
    static func short(_ name: String) -> String {
        for prefix in [branchPrefix, tagPrefix] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return name
    }
}

extension RemoteHeads {
    /// The failure of a branch that is not there.
    func branchNotFound(_ name: String?, in url: RepositoryURL) -> BuildFailure {
        let subject =
            name.map { "\(url.display) has no branch or tag '\(LibraryError.cleaned($0))'" }
            ?? "The default branch of \(url.display) does not exist; name a branch"
        let shown = branches.prefix(10).map(LibraryError.cleaned).joined(separator: ", ")
        let rest = branches.count > 10 ? " and \(branches.count - 10) more" : ""
        let list = branches.isEmpty ? "it has no branches at all" : "its branches are: \(shown)\(rest)"
        return .source(.branchNotFound, "\(subject); \(list).")
    }
}
