internal import BuildModel
internal import Platform
internal import Synchronization

/// Finds out who we are at a registry, and remembers it for a while: helpers hand out what expires.
final class Identities: Sendable {
    private struct Known {
        var identity: Identity?
        var until: Deadline
    }

    private let settings: RegistrySettings
    private let known = Mutex<[Repository: Known]>([:])
    private let asking = KeyedSlots<Repository>(width: 1)
    private static let lifetime = Duration.seconds(300)

    init(_ settings: RegistrySettings) {
        self.settings = settings
    }

    /// The identity for a repository: the configuration's own, else the first that a credential file or a helper in it knows.
    ///
    /// - Throws: `BuildFailure` if a file cannot be read or a helper fails; having none is not an error.
    func identity(for repository: Repository) async throws -> Identity? {
        if let own = settings.credentials[repository.registry] { return Identity(own) }
        guard !settings.credentialFiles.isEmpty else { return nil }
        return try await asking.withSlot(repository) {
            if let known = known.withLock({ $0[repository] }), !known.until.hasPassed { return known.identity }
            let found = try await find(repository)
            known.withLock { known in
                if known.count >= 1000 { known = known.filter { !$0.value.until.hasPassed } }
                known[repository] = Known(identity: found, until: Deadline(after: Self.lifetime))
            }
            return found
        }
    }

    /// The same, looked for anew where one is still known that was refused: what files and helpers gave may have been replaced since.
    func identity(for repository: Repository, insteadOf refused: Identity?) async throws -> Identity? {
        known.withLock { if $0[repository]?.identity == refused { $0[repository] = nil } }
        return try await identity(for: repository)
    }

    /// Whom we showed ourselves as, for messages.
    func lastKnown(for repository: Repository) -> Identity? {
        settings.credentials[repository.registry].map { Identity($0) } ?? known.withLock { $0[repository]?.identity }
    }

    private func find(_ repository: Repository) async throws -> Identity? {
        for path in settings.credentialFiles {
            guard let file = try CredentialFile(path: path) else { continue }
            for (helper, server) in file.helpers(for: repository.registry) {
                let found = try await CredentialHelper.identity(from: helper, for: server, path: settings.helperPath)
                if let found { return found }
            }
            if let found = try file.identity(for: repository) { return found }
        }
        return nil
    }
}
