package import BuildModel
internal import CGit2
package import HTTPTransport
internal import Platform
internal import Synchronization

/// The mirrors of this node: bare repositories, one for each remote repository, fetched incrementally.
///
/// Several processes may share the directory. Fetches of one repository wait for each other, readers never wait.
package final class Mirrors: RevisionSource {
    let settings: GitSettings
    /// For what git itself does not fetch.
    let http: HTTPClient
    let pool = BlockingPool(label: "git.fetch", width: 32)

    /// Prepares the directory and libgit2.
    ///
    /// The certificate authorities and the directory of `known_hosts` belong to the whole process: the library keeps them once.
    ///
    /// - Throws: `BuildFailure` with code `system`, or `invalid_configuration` for a certificate file that cannot be read.
    package init(
        _ settings: GitSettings,
        http: HTTPClient = HTTPClient(label: "slipway.git")
    ) throws(BuildFailure) {
        self.settings = settings
        self.http = http
        try Directories.create(settings.directory, mode: 0o700)
        try Library.start()
        try ProcessSettings.apply(settings)
    }

    /// Fetches what a source names into the repository's mirror.
    ///
    /// The server is always asked, even when the commit is here already: it decides who may read.
    ///
    /// - Throws: `BuildFailure` with one of this module's codes, each with words that say what to do; `cancelled` when the
    ///   task is cancelled; `deadline_exceeded` when it took longer than `GitSettings.timeout`.
    package func fetch(_ source: GitSource, log: any BuildLog) async throws -> Revision {
        let url = try RepositoryURL(parsing: source.url)
        try check(url)
        let limit = settings.timeout
        do {
            return try await withDeadline(
                limit,
                failure: .fetchTimedOut(url, limit)
            ) {
                try await self.fetch(source, url: url, log: log)
            }
        } catch {
            throw BuildFailure(error, operation: "git.fetch")
        }
    }

    private func fetch(_ source: GitSource, url: RepositoryURL, log: any BuildLog) async throws -> Revision {
        let deadline = Deadline(after: settings.timeout)
        let operation = FetchOperation(url: url, settings: settings, deadline: deadline, log: log)
        let fetched = try await fetch(source, operation)
        guard !fetched.isWhole else { return fetched.revision }
        var budget = SubmoduleBudget(
            bytes: settings.maximumBytes - operation.progress.receivedBytes,
            largeFiles: LargeFileBudget(bytes: settings.maximumBytes)
        )
        let joined = try await join(fetched, operation, depth: 0, &budget)
        return try await revision(joined, at: source.rootDirectory)
    }

    /// Fetches into one mirror.
    func fetch(_ source: GitSource, _ operation: FetchOperation) async throws -> Fetched {
        let mirror = Mirror(operation.url, in: settings.directory)
        let lock = try await MirrorLock.acquire(mirror.lockPath)
        let fetch = MirrorFetch(mirror: mirror, source: source, operation: operation)
        do {
            return try await withTaskCancellationHandler {
                try await pool.run {
                    // The lock is held until the thread is done, whatever becomes of the task.
                    try withExtendedLifetime(lock) { try operation.asCurrent { try fetch.run() } }
                }
            } onCancel: {
                operation.cancel()
            }
        } catch {
            // Whatever a conversation ends with after it was broken off, breaking it off is the reason.
            throw operation.isCancelled ? BuildFailure.cancelled(operation: "git.fetch") : error
        }
    }

    package func withTree<Value: Sendable>(
        of revision: Revision,
        _ body: @escaping @Sendable (any StoredTree) throws -> Value
    ) async throws -> Value {
        let path = try path(of: revision)
        do {
            return try await TreeReading.withTree(
                of: revision,
                maximumBlobBytes: settings.maximumBlobBytes,
                opening: { try Repository(opening: path) },
                body
            )
        } catch let failure as BuildFailure {
            if failure.code == .damaged { try markDamaged(revision) }
            throw failure
        } catch let error as LibraryError {
            throw error.damage("The mirror of \(revision.repositoryURL)")
        }
    }

    package func changes(before revision: Revision, limit: Int) async throws -> [[[UInt8]]] {
        let mirror = Mirror(try RepositoryURL(parsing: revision.repositoryURL), in: settings.directory)
        return try await TreeReading.run(opening: { try Repository(opening: mirror.path) }) { repository, flag in
            try repository.changes(before: revision, limit: limit, cancelFlag: flag)
        }
    }

    package func files(named name: String, above revision: Revision, limit: Int64) async throws -> [String: [UInt8]] {
        let root = RootPlace(of: revision)
        guard !root.directory.isEmpty else { return [:] }
        let mirror = Mirror(try RepositoryURL(parsing: root.repositoryURL), in: settings.directory)
        return try await TreeReading.run(opening: { try Repository(opening: mirror.path) }) { repository, _ in
            try repository.files(named: name, above: root, limit: limit)
        }
    }

    /// Refuses hosts and schemes that the configuration does not allow.
    func check(_ url: RepositoryURL) throws(BuildFailure) {
        guard
            url.scheme == "file" || settings.allowedHosts.isEmpty
                || settings.allowedHosts.contains(where: { HostPattern.matches($0, host: url.host) })
        else {
            throw .source(
                .hostNotAllowed,
                "The host \(url.host) is not allowed here (\(url.display)); ask the operator to add it to the allowed hosts."
            )
        }
        guard settings.allowedSchemes.contains(url.scheme) else {
            let allowed = settings.allowedSchemes.sorted().joined(separator: ", ")
            throw .source(
                .schemeNotAllowed,
                "\(url.scheme) URLs are not allowed here (\(url.display)); use one of: \(allowed)."
            )
        }
    }
}

/// Settings that libgit2 keeps once for the whole process. Set again only when they change: connections read them without a lock.
private enum ProcessSettings {
    private struct Applied {
        var certificates: String?
        /// A descriptor of the directory, open for the life of the process.
        var home: Int32?
        var hosts: String?
    }

    private static let applied = Mutex(Applied())
    private static let systemCertificates = "/etc/ssl/certs/ca-certificates.crt"

    static func apply(_ settings: GitSettings) throws(BuildFailure) {
        try applied.withLock { (applied) throws(BuildFailure) in
            try trustCertificates(settings, &applied)
            try nameHosts(settings, &applied)
        }
    }

    private static func trustCertificates(_ settings: GitSettings, _ applied: inout Applied) throws(BuildFailure) {
        let file =
            settings.certificateAuthorityFile ?? SystemInformation.environment("SSL_CERT_FILE")
            ?? (Files.exists(systemCertificates) ? systemCertificates : nil)
        // What one configuration names is not undone by another that names nothing.
        let isNew = settings.certificateAuthorityFile != nil || applied.certificates == nil
        guard let file, isNew, applied.certificates != file else { return }
        try Library.trust(certificatesIn: file)
        applied.certificates = file
    }

    /// Points the library at a home directory with nothing in it but the configured `known_hosts`.
    ///
    /// The library keeps the directory's name, reads it without a lock, and refuses every ssh connection when the directory is
    /// not there. So the name is that of a descriptor, the same for the life of the process, and what stands behind it is
    /// replaced in one step.
    private static func nameHosts(_ settings: GitSettings, _ applied: inout Applied) throws(BuildFailure) {
        let home = "\(settings.directory)/home"
        let hosts = settings.knownHostsFile ?? KnownHosts.defaultFile
        guard settings.knownHostsFile != nil || applied.home == nil, applied.hosts != hosts else { return }
        try Directories.create("\(home)/.ssh", mode: 0o700)
        try Links.replace("\(home)/.ssh/known_hosts", target: hosts)
        let descriptor = try Links.open(directory: home, as: applied.home)
        applied.hosts = hosts
        guard applied.home == nil else { return }
        try Library.setHome("/proc/self/fd/\(descriptor)")
        applied.home = descriptor
    }
}
