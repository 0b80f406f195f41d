internal import HTTPTransport
internal import Synchronization

extension RegistrySession {
    /// Where requests for a repository, and whatever its answers lead to, may go. What the operator names as a mirror may be anywhere; what
    /// strangers name is no way into the node's network.
    func reach(of repository: Repository) -> HTTPReach {
        if settings.isMirror(repository) { return .anywhere }
        if settings.reach != .anywhere { return settings.reach }
        return hosts.bounded[repository] ?? .anywhere
    }

    /// Has later requests for a repository, by whichever client, reach no further than this one's: layers are fetched long after their
    /// image was found, and names may lead elsewhere by then.
    func boundReach(of repository: Repository) {
        let reach = reach(of: repository)
        if reach != .anywhere { hosts.bounded[repository] = reach }
    }
}

/// Repositories that strangers named, and how far requests for them reach.
final class BoundedRepositories: Sendable {
    /// Whoever finds an image there again adds it again.
    private static let limit = 10_000
    private let reaches = Mutex<[String: HTTPReach]>([:])

    subscript(repository: Repository) -> HTTPReach? {
        get { reaches.withLock { $0[Self.key(repository)] } }
        set {
            reaches.withLock { reaches in
                if reaches.count >= Self.limit { reaches.removeAll() }
                reaches[Self.key(repository)] = newValue
            }
        }
    }

    private static func key(_ repository: Repository) -> String { "\(repository.base.authority)/\(repository.name)" }
}
