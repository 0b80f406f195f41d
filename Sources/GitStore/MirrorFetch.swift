internal import BuildModel
internal import CGit2
internal import Platform

/// A revision that a mirror has now.
struct Fetched {
    /// Of the whole repository where there are submodules.
    var revision: Revision
    /// What is still to be fetched.
    var submodules: [DeclaredSubmodule]
    /// Pointers of Git LFS that what is built has; the revision is that of the whole repository then.
    var largeFiles: [LargeFile] = []
    /// The Git LFS server that `.lfsconfig` names.
    var largeFileURL: String?

    /// Whether the revision's tree is what is built.
    var isWhole: Bool { submodules.isEmpty && largeFiles.isEmpty }
}

/// One fetch into one mirror, on a thread that may block, under the mirror's lock.
struct MirrorFetch {
    let mirror: Mirror
    let source: GitSource
    let operation: FetchOperation
    var log: any BuildLog { operation.log }

    /// Brings the mirror up to date with what is asked for, and describes it.
    ///
    /// A mirror that turns out to be damaged is dropped and fetched anew, once.
    func run() throws(BuildFailure) -> Fetched {
        do {
            return try MemoryBudget.limit(operation.settings.maximumMemory) { try mended() }
        } catch {
            throw BuildFailure(error, operation: "git.fetch")
        }
    }

    private func mended() throws(BuildFailure) -> Fetched {
        do {
            return try attempt()
        } catch {
            guard error.code == .damaged, !operation.isCancelled else { throw error }
            log.say("The mirror of \(mirror.url.display) is damaged; fetching it anew.", .cloning)
            try mirror.drop()
            return try attempt()
        }
    }

    private func attempt() throws(BuildFailure) -> Fetched {
        let repository = try mirror.open(log: log)
        do {
            let (commit, reference) = try fetch(into: repository)
            return try describe(commit, reference, in: repository)
        } catch let failure as BuildFailure {
            operation.noteMemory()
            throw operation.failure ?? failure
        } catch let error as LibraryError {
            operation.noteMemory()
            throw error.failure(of: operation)
        } catch {
            throw BuildFailure(error, operation: "git.fetch")
        }
    }

    /// The root directory may lie in a submodule, so it is looked for when those are there.
    private func describe(_ commit: ObjectID, _ reference: String?, in repository: Repository) throws -> Fetched {
        let url = mirror.url.display
        let whole = try repository.revision(of: commit, url: url, reference: reference, rootDirectory: "")
        let refuses = operation.settings.submodules == .refuse
        let submodules = refuses ? [] : try repository.submodules(in: whole.tree)
        var fetched = Fetched(
            revision: whole,
            submodules: submodules.filter { $0.directory(source.rootDirectory) != nil },
            largeFiles: try largeFiles(of: whole, in: repository)
        )
        guard fetched.isWhole else {
            fetched.largeFileURL = try repository.largeFileURL(in: whole.tree)
            return fetched
        }
        var revision = whole
        revision.rootDirectory = source.rootDirectory
        revision.tree = try repository.tree(at: source.rootDirectory, in: whole.tree)
        return Fetched(revision: revision, submodules: [])
    }

    private func largeFiles(of whole: Revision, in repository: Repository) throws -> [LargeFile] {
        guard operation.settings.largeFiles != .keep else { return [] }
        return try LargeFileScan(
            repository,
            root: whole.tree,
            directory: source.rootDirectory,
            known: ScannedTrees(path: "\(mirror.path)/slipway-plain-trees"),
            cancelFlag: operation.cancelFlag,
            deadline: operation.deadline
        ).files()
    }

    private func fetch(into repository: Repository) throws -> (ObjectID, String?) {
        let remote = try Remote(operation, in: repository)
        // Even what is here already is asked for: the server decides who may read the repository today.
        let heads = try remote.connect()
        guard !heads.heads.isEmpty || heads.detachedHead != nil else {
            throw BuildFailure.emptyRepository(mirror.url.display)
        }
        if let commit = source.commit {
            return (try fetch(commit: commit.lowercased(), heads, remote, repository), source.branch)
        }
        guard let head = source.branch.map({ heads.head(named: $0) }) ?? heads.defaultHead else {
            throw heads.branchNotFound(source.branch, in: mirror.url)
        }
        let commit = try fetch(head, remote, repository)
        return (commit, RemoteHeads.short(head.name))
    }

    /// Fetches a branch or tag, no deeper than its newest commit where that can be asked for.
    func fetch(_ head: RemoteHeads.Head, _ remote: Remote, _ repository: Repository) throws -> ObjectID {
        let name = RemoteHeads.short(head.name)
        let isHere = try repository.contains(head.id)
        if !isHere {
            // A flat name: branches 'a' and, later, 'a/b' could not both be files.
            let local = "refs/slipway/\(Digest(of: head.name).hex.prefix(40))"
            try remote.fetch(["+\(head.name):\(local)"], depth: depth)
        }
        guard let commit = try repository.commit(behind: head.id) else {
            throw BuildFailure.source(.commitNotFound, "The tag '\(name)' of \(mirror.url.display) is of no commit.")
        }
        say(name, commit, isHere: isHere)
        return commit
    }

    /// The newest commit alone over http; a mirror with all of the history would lose it again.
    ///
    /// libgit2's file transport has no depth, and over ssh and git:// it repeats what it wants after the server's answer, as
    /// only http needs it, which git refuses ("expected SHA1 list").
    var depth: Int32 {
        Library.hasDepth && mirror.url.scheme.hasPrefix("http") && !mirror.isComplete ? 1 : 0
    }

    /// Tells the user what was fetched, and what it cost.
    func say(_ name: String, _ commit: ObjectID, isHere: Bool) {
        let progress = operation.progress
        let size = TransferProgress.size(progress.receivedBytes)
        let cost = isHere ? "already here" : "\(progress.receivedObjects) objects, \(size)"
        log.say("Fetched \(LibraryError.cleaned(name)) at \(commit.short) (\(cost)).", .cloning)
    }
}
