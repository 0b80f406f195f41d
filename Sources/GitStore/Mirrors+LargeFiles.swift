internal import BuildModel
internal import HTTPTransport
internal import Platform

/// What the Git LFS files of one revision may still cost, those of its submodules too.
struct LargeFileBudget {
    var bytes: Int64
    var count = LargeFileScan.mostFiles

    /// - Parameter limit: of one file.
    mutating func take(_ files: [LargeFile], limit: Int64) throws(BuildFailure) {
        var seen: Set<Digest> = []
        for file in files where seen.insert(file.pointer.digest).inserted {
            guard !file.pointer.hasExtensions else {
                throw .source(
                    .largeFilesRefused,
                    "'\(file.shown)' was changed by an extension of Git LFS before it was pushed; extensions are not run here."
                )
            }
            (bytes, count) = (bytes - min(file.pointer.size, .max / 2), count - 1)
            guard file.pointer.size <= limit, bytes >= 0, count >= 0 else {
                throw .source(
                    .limitExceeded,
                    "The files of Git LFS up to '\(file.shown)' (\(TransferProgress.size(file.pointer.size))) are more than one"
                        + " build may have; make them smaller, or ask the operator to raise 'git.maximumBytes'."
                )
            }
        }
    }
}

extension Mirrors {
    private static let downloads = 4

    /// Puts the files of Git LFS that a fetched revision has into the places of their pointers.
    ///
    /// - Returns: the revision of the whole repository.
    func fill(
        _ fetched: Fetched,
        _ operation: FetchOperation,
        _ budget: inout LargeFileBudget
    ) async throws -> Revision {
        var revision = fetched.revision
        let files = fetched.largeFiles
        guard let first = files.first else { return revision }
        guard settings.largeFiles == .fetch else { throw BuildFailure.largeFilesRefused(first) }
        try budget.take(files, limit: settings.maximumBlobBytes)
        let mirror = Mirror(operation.url, in: settings.directory)
        let store = LargeFileStore(of: mirror)
        let lock = try await MirrorLock.acquire(store.repository.lockPath)
        let missing = try await reading(revision) { try store.missing(files, over: [mirror.path]) }
        if !missing.isEmpty { try await fetch(missing, into: store, from: fetched.largeFileURL, operation) }
        let root = revision.tree
        revision.tree = try await reading(revision) {
            try withExtendedLifetime(lock) { try store.fill(files, into: root) }
        }
        revision.hasLargeFiles = true
        return revision
    }

    private func fetch(
        _ files: [LargeFile],
        into store: LargeFileStore,
        from named: String?,
        _ parent: FetchOperation
    ) async throws {
        let size = TransferProgress.size(files.reduce(0) { $0 + $1.pointer.size })
        parent.log.say("Fetching \(files.count) files of Git LFS (\(size)).", .cloning)
        if parent.url.scheme == "file", named == nil {
            let copies = LargeFileCopies(ofGitDirectories: [parent.url.path, "\(parent.url.path)/.git"])
            return try await pool.run { for file in files { try store.keep(file, copies.content(of: file)) } }
        }
        let operation = try operation(forLargeFilesAt: named, of: parent)
        let server = try LargeFileServer(operation, home: parent.url.host, http: http)
        for start in stride(from: 0, to: files.count, by: LargeFileServer.batch) {
            let part = Array(files[start..<min(start + LargeFileServer.batch, files.count)])
            try await fetch(part, into: store, from: server)
        }
    }

    private func fetch(_ files: [LargeFile], into store: LargeFileStore, from server: LargeFileServer) async throws {
        // An empty file needs no server.
        let asked = files.filter { $0.pointer.size > 0 }
        let places = asked.isEmpty ? [:] : try await server.locate(asked)
        let fetchOne: @Sendable (LargeFile) async throws -> Void = { file in
            guard file.pointer.size > 0 else { return try store.keep(file, InMemoryContent([])) }
            let download = LargeFileDownload(
                file: file,
                server: server,
                http: self.http,
                directory: store.repository.path
            ) { url throws(BuildFailure) in try self.check(url, namedBy: server) }
            let spool = try await download.run(places[file.pointer.digest])
            try await self.pool.run { try store.keep(file, spool) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var waiting = files.makeIterator()
            for _ in 0..<Self.downloads {
                if let file = waiting.next() { group.addTask { try await fetchOne(file) } }
            }
            while try await group.next() != nil {
                if let file = waiting.next() { group.addTask { try await fetchOne(file) } }
            }
        }
    }

    /// How the server is asked: with the repository's credentials if it is the repository's own; one that `.lfsconfig` names, as a
    /// submodule's would be.
    private func operation(forLargeFilesAt named: String?, of parent: FetchOperation) throws -> FetchOperation {
        let own = parent.url.largeFileEndpoint
        guard let named, let url = try? RepositoryURL(parsing: named), url.mirrorKey != own.mirrorKey else {
            try check(own)
            return FetchOperation(url: own, settings: parent.settings, deadline: parent.deadline, log: parent.log)
        }
        guard url.scheme == "https" || url.scheme == "http" else {
            throw BuildFailure.source(
                .schemeNotAllowed,
                "'.lfsconfig' has Git LFS read over \(url.scheme) (\(url.display)); write an https URL."
            )
        }
        return try operation(for: url, of: parent, maximumBytes: settings.maximumBytes)
    }

    /// Whether a place that a Git LFS server names may be asked: as a submodule that a repository names.
    private func check(_ url: HTTPURL, namedBy server: LargeFileServer) throws(BuildFailure) {
        let place = try RepositoryURL(parsing: "\(url.scheme)://\(url.authority)/files-of-Git-LFS")
        do {
            try checkNamed(place, by: server.operation.url)
        } catch {
            var failure = error
            failure.message = "The Git LFS server \(server.shown) names another place: \(failure.message)"
            throw failure
        }
    }
}

extension BuildFailure {
    static func largeFilesRefused(_ file: LargeFile) -> BuildFailure {
        .source(
            .largeFilesRefused,
            "'\(file.shown)' is in Git LFS, which is not read here; commit the file itself, or ask the operator to set 'git.lfs'"
                + " to 'fetch'."
        )
    }
}
