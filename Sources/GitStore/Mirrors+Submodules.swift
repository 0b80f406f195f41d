package import BuildModel
internal import Platform

/// What the submodules of one revision may still cost: a repository chooses them, and each may have more.
struct SubmoduleBudget {
    var bytes: Int64
    var largeFiles: LargeFileBudget
    var count = Self.most
    static let most = 64
    static let deepest = 3
}

extension Mirrors {
    /// Fetches the submodules and Git LFS files of what was fetched, and puts them in their places.
    ///
    /// - Parameter operation: the fetch of the repository that has them.
    /// - Returns: a revision of the whole repository.
    func join(
        _ fetched: Fetched,
        _ operation: FetchOperation,
        depth: Int,
        _ budget: inout SubmoduleBudget
    ) async throws -> Revision {
        var revision = try await fill(fetched, operation, &budget.largeFiles)
        guard !fetched.submodules.isEmpty else { return revision }
        var (places, repositories): ([TreePlace], [String]) = ([], [try path(of: revision)])
        for submodule in fetched.submodules {
            let part = try await fetch(submodule, of: operation, depth: depth, &budget)
            places.append(TreePlace(submodule.path, tree: part.tree))
            repositories.append(try path(of: part))
            var own = Submodule(path: submodule.path, commit: part.commit, repositoryURL: part.repositoryURL)
            own.hasLargeFiles = part.hasLargeFiles
            revision.submodules.append(own)
            revision.submodules += part.submodules.map { nested in
                var nested = nested
                nested.path = "\(submodule.path)/\(nested.path)"
                return nested
            }
        }
        revision.tree = try await write(places, to: revision, from: repositories)
        return revision
    }

    private func fetch(
        _ submodule: DeclaredSubmodule,
        of parent: FetchOperation,
        depth: Int,
        _ budget: inout SubmoduleBudget
    ) async throws -> Revision {
        budget.count -= 1
        guard budget.count >= 0, depth < SubmoduleBudget.deepest else { throw Self.tooMany(submodule) }
        do {
            let url = try parent.url.resolving(submodule.url)
            let operation = try operation(for: url, of: parent, maximumBytes: budget.bytes)
            operation.log.say("Fetching the submodule \(LibraryError.cleaned(submodule.path)).", .cloning)
            let source = GitSource(url: operation.url.display, commit: submodule.commit.hex)
            let fetched = try await fetch(source, operation)
            budget.bytes = max(0, budget.bytes - operation.progress.receivedBytes)
            return try await join(fetched, operation, depth: depth + 1, &budget)
        } catch let failure as BuildFailure where failure.fault != .cancelled {
            var failure = failure
            failure.message = "The submodule '\(LibraryError.cleaned(submodule.path))': \(failure.message)"
            throw failure
        }
    }

    /// How what a repository names is fetched: by the policy for submodules, with what is left of time and bytes.
    func operation(
        for url: RepositoryURL,
        of parent: FetchOperation,
        maximumBytes: Int64
    ) throws(BuildFailure) -> FetchOperation {
        var (url, settings) = (url, settings)
        settings.maximumBytes = maximumBytes
        try checkNamed(url, by: parent.url)
        if settings.submodules != .trusted {
            url.username = nil
            url.password = nil
            settings.credentials = []
            settings.sshKeyFile = nil
            settings.usesSSHAgent = false
        }
        return FetchOperation(url: url, settings: settings, deadline: parent.deadline, log: parent.log)
    }

    /// What a repository may send this node to.
    func checkNamed(_ url: RepositoryURL, by parent: RepositoryURL) throws(BuildFailure) {
        if settings.submodules == .trusted { try check(url) } else { try checkAnonymous(url, of: parent) }
    }

    /// What a stranger may send this node to, without any credential.
    private func checkAnonymous(_ url: RepositoryURL, of parent: RepositoryURL) throws(BuildFailure) {
        try check(url)
        guard url.scheme == "https" || (url.scheme == "http" && parent.scheme == "http") else {
            throw .source(
                .schemeNotAllowed,
                "\(url.display) is not read over https; write an https URL, or ask the operator to set"
                    + " 'git.submodules' to 'trusted' if all repositories of this farm may read each other."
            )
        }
        let isBeside = url.host == parent.host && (url.isOnDefaultPort || url.effectivePort == parent.effectivePort)
        guard isBeside || (!settings.allowedHosts.isEmpty && url.isOnDefaultPort) else {
            throw .source(
                .hostNotAllowed,
                "\(url.address) is another host than the repository's (\(url.display)); ask the operator to list both in"
                    + " 'git.allowedHosts'."
            )
        }
    }

    static func tooMany(_ submodule: DeclaredSubmodule) -> BuildFailure {
        .source(
            .limitExceeded,
            "The submodule '\(LibraryError.cleaned(submodule.path))' is one too many: a revision may have \(SubmoduleBudget.most), and they"
                + " may be in one another \(SubmoduleBudget.deepest) times."
        )
    }
}

extension Mirrors {
    /// The mirrors that have a revision's objects: its own first.
    private func mirrors(of revision: Revision) throws(BuildFailure) -> [(mirror: Mirror, hasLargeFiles: Bool)] {
        var mirrors: [(mirror: Mirror, hasLargeFiles: Bool)] = []
        let parts = revision.submodules.map { ($0.repositoryURL, $0.hasLargeFiles) }
        for (url, hasLargeFiles) in [(revision.repositoryURL, revision.hasLargeFiles)] + parts {
            mirrors.append((Mirror(try RepositoryURL(parsing: url), in: settings.directory), hasLargeFiles))
        }
        return mirrors
    }

    /// The git directory that has a revision's trees.
    func path(of revision: Revision) throws(BuildFailure) -> String {
        if let joint = try joint(of: revision) { return joint.path }
        let mirror = Mirror(try RepositoryURL(parsing: revision.repositoryURL), in: settings.directory)
        return revision.hasLargeFiles ? LargeFileStore(of: mirror).repository.path : mirror.path
    }

    /// What has a revision's trees where it has submodules.
    private func joint(of revision: Revision) throws(BuildFailure) -> JointRepository? {
        guard !revision.submodules.isEmpty else { return nil }
        let paths = [""] + revision.submodules.map(\.path)
        let parts = zip(try mirrors(of: revision), paths).map { (mirror, path) in
            (repository: mirror.mirror.path, path: path + (mirror.hasLargeFiles ? "\nlfs" : ""))
        }
        return JointRepository(of: parts, in: settings.directory)
    }

    /// Makes the next fetch bring everything of a revision anew.
    func markDamaged(_ revision: Revision) throws(BuildFailure) {
        for (mirror, hasLargeFiles) in try mirrors(of: revision) {
            try mirror.markDamaged()
            if hasLargeFiles { try LargeFileStore(of: mirror).repository.markDamaged() }
        }
        try joint(of: revision)?.markDamaged()
    }

    private func write(
        _ places: [TreePlace],
        to revision: Revision,
        from repositories: [String]
    ) async throws -> ObjectID {
        guard let joint = try joint(of: revision) else { return revision.tree }
        let lock = try await MirrorLock.acquire(joint.lockPath)
        return try await reading(revision) {
            try withExtendedLifetime(lock) { try joint.open(over: repositories).graft(places, onto: revision.tree) }
        }
    }

    package func revision(_ revision: Revision, at directory: String) async throws -> Revision {
        let path = try path(of: revision)
        let tree = try await reading(revision) {
            try Repository(opening: path).tree(at: directory, in: revision.tree)
        }
        return revision.moved(to: directory, tree)
    }

    func reading<Value: Sendable>(
        _ revision: Revision,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        do {
            return try await pool.run { try MemoryBudget.limit(MemoryBudget.standard, body) }
        } catch let error as LibraryError {
            throw error.damage("The mirror of \(revision.repositoryURL), joined with its submodules and large files,")
        }
    }
}

extension RepositoryURL {
    /// The URL of a submodule: its own, or one that is written relative to this one (gitmodules(5), `url`).
    func resolving(_ text: String) throws(BuildFailure) -> RepositoryURL {
        guard text.hasPrefix("./") || text.hasPrefix("../") else { return try RepositoryURL(parsing: text) }
        var parts = path.split(separator: "/")
        for part in text.split(separator: "/") where part != "." {
            guard part == ".." else {
                parts.append(part)
                continue
            }
            guard parts.popLast() != nil else {
                throw .source(.invalidRequest, "'\(LibraryError.cleaned(text))' leads out of \(display).")
            }
        }
        var resolved = self
        resolved.path = (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
        return try RepositoryURL(parsing: resolved.display).with(username, password)
    }

    private func with(_ username: String?, _ password: Redacted<String>?) -> RepositoryURL {
        var url = self
        url.username = username
        url.password = password
        return url
    }
}
