internal import BuildModel
internal import Platform

/// A revision of a repository of this machine, and what stands elsewhere of it: submodules' repositories and Git LFS's files.
struct LocalPart: Sendable {
    /// The whole tree as git has it.
    let root: ObjectID
    let commit: ObjectID
    /// What people know the repository as.
    let shown: String
    /// The directory with `objects` and `lfs`, without a trailing slash.
    let gitDirectory: String
    var largeFiles: [LargeFile] = []
    var submodules: [(path: String, part: LocalPart)] = []

    /// This part's and those of all submodules.
    var gitDirectories: [String] { [gitDirectory] + submodules.flatMap { $0.part.gitDirectories } }

    /// Whether the revision's tree needs nothing else.
    var isComplete: Bool { largeFiles.isEmpty && submodules.isEmpty }

    /// All submodules, with their paths from the top.
    func flattened(below prefix: String = "") -> [Submodule] {
        submodules.flatMap { path, part in
            var own = Submodule(path: prefix + path, commit: part.commit, repositoryURL: part.shown)
            own.hasLargeFiles = !part.largeFiles.isEmpty
            return [own] + part.flattened(below: "\(prefix)\(path)/")
        }
    }
}

/// Finds the parts of a revision.
struct LocalPartFinder {
    let policy: LargeFilePolicy
    let known: ScannedTrees
    let log: any BuildLog
    let cancelFlag: CancelFlag
    var count = 0

    /// - Parameter directory: that is built; submodules and files beside it are not looked for.
    mutating func part(
        of repository: Repository,
        at commit: ObjectID,
        shown: String,
        directory: String,
        depth: Int = 0
    ) throws -> LocalPart {
        let whole = try repository.revision(of: commit, url: shown, reference: nil, rootDirectory: "")
        let common = Self.withoutSlash(repository.commonPath)
        var part = LocalPart(root: whole.tree, commit: commit, shown: shown, gitDirectory: common)
        if policy != .keep {
            part.largeFiles = try LargeFileScan(
                repository,
                root: whole.tree,
                directory: directory,
                known: known,
                cancelFlag: cancelFlag
            ).files()
            if policy == .refuse, let first = part.largeFiles.first { throw BuildFailure.largeFilesRefused(first) }
        }
        for submodule in try repository.submodules(in: whole.tree) {
            guard let below = submodule.directory(directory) else { continue }
            count += 1
            guard count <= SubmoduleBudget.most, depth < SubmoduleBudget.deepest else {
                throw Mirrors.tooMany(submodule)
            }
            let (place, found) = try find(submodule, of: repository)
            let nested = try self.part(
                of: found,
                at: submodule.commit,
                shown: place,
                directory: below,
                depth: depth + 1
            )
            part.submodules.append((submodule.path, nested))
        }
        return part
    }

    /// The repository that has a submodule's commit: the one that `git submodule update` made, else the directory that is its URL.
    private func find(_ submodule: DeclaredSubmodule, of parent: Repository) throws -> (String, Repository) {
        let names = submodule.name.split(separator: "/", omittingEmptySubsequences: false)
        var places: [String] = []
        if !names.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) {
            places.append("\(parent.commonPath)modules/\(submodule.name)")
        }
        if let top = parent.workingDirectory { places.append("\(top)\(submodule.path)/.git") }
        for place in places {
            guard let found = try? Repository(opening: place), try found.contains(submodule.commit) else { continue }
            return (place, found)
        }
        let path = LibraryError.cleaned(submodule.path)
        guard let place = directory(of: submodule.url, parent) else {
            throw BuildFailure.source(
                .commitNotFound,
                "The commit \(submodule.commit.short) of the submodule '\(path)' is not on this machine; run"
                    + " 'git submodule update --init --recursive', or build the repository by its URL."
            )
        }
        for git in [place, "\(place)/.git"] {
            guard let found = try? Repository(opening: git), try found.contains(submodule.commit) else { continue }
            log.say("Taking the submodule \(path) from \(place).", .cloning)
            return (place, found)
        }
        throw BuildFailure.source(
            .commitNotFound,
            "There is no commit \(submodule.commit.short) in '\(place)', where the submodule '\(path)' comes from."
        )
    }

    /// The directory that a URL in `.gitmodules` means; nil if it means another machine. Relative ones stand beside the repository's
    /// origin, or beside the repository itself where it has none (git-submodule(1)).
    private func directory(of url: String, _ parent: Repository) -> String? {
        guard url.hasPrefix("./") || url.hasPrefix("../") else {
            guard let url = try? RepositoryURL(parsing: url), url.scheme == "file" else { return nil }
            return url.path
        }
        var own = Self.withoutSlash(parent.workingDirectory ?? parent.commonPath)
        if own.hasSuffix("/.git") { own.removeLast(5) }
        guard let base = parent.origin ?? (try? RepositoryURL(parsing: own)), base.scheme == "file" else { return nil }
        return (try? base.resolving(url))?.path
    }

    private static func withoutSlash(_ path: String) -> String { path.hasSuffix("/") ? String(path.dropLast()) : path }
}
