package import BuildModel
internal import CGit2
internal import Platform
internal import Synchronization

/// The mirrors of this node: bare repositories, one for each remote repository, fetched incrementally.
///
/// Several processes may share the directory. Fetches of one repository wait for each other, readers never wait.
package final class Mirrors: RevisionSource {
    private let settings: GitSettings
    private let pool = BlockingPool(label: "git.fetch", width: 32)

    /// Prepares the directory and libgit2.
    ///
    /// The certificate authorities and the directory of `known_hosts` belong to the whole process: the library keeps them once.
    ///
    /// - Throws: `BuildFailure` with code `system`, or `invalid_configuration` for a certificate file that cannot be read.
    package init(_ settings: GitSettings) throws(BuildFailure) {
        self.settings = settings
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
        let mirror = Mirror(url, in: settings.directory)
        let deadline = Deadline(after: settings.timeout)
        let lock = try await MirrorLock.acquire(mirror.lockPath)
        let operation = FetchOperation(url: url, settings: settings, deadline: deadline, log: log)
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
        let mirror = Mirror(try RepositoryURL(parsing: revision.repositoryURL), in: settings.directory)
        do {
            return try await TreeReading.withTree(
                of: revision,
                maximumBlobBytes: settings.maximumBlobBytes,
                opening: { try Repository(opening: mirror.path) },
                body
            )
        } catch let failure as BuildFailure {
            if failure.code == .damaged { try mirror.markDamaged() }
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

    private func check(_ url: RepositoryURL) throws(BuildFailure) {
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
        var home: String?
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
    /// One directory for the life of the process: the library reads its name without a lock, and a name that changes would be
    /// torn under a connection that is being made. What the directory holds is replaced in one step.
    private static func nameHosts(_ settings: GitSettings, _ applied: inout Applied) throws(BuildFailure) {
        let home = applied.home ?? "\(settings.directory)/home"
        let hosts = settings.knownHostsFile ?? KnownHosts.defaultFile
        let isNew = settings.knownHostsFile != nil || applied.hosts == nil
        guard isNew, applied.hosts != hosts else { return }
        try Directories.create("\(home)/.ssh", mode: 0o700)
        try Links.replace("\(home)/.ssh/known_hosts", target: hosts)
        applied.hosts = hosts
        guard applied.home == nil else { return }
        try Library.setHome(home)
        applied.home = home
    }
}
