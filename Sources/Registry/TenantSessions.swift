internal import Synchronization

/// The sessions of tenants, made at first use.
final class TenantSessions: Sendable {
    /// Tenants whose tokens are kept; one that is forgotten asks for new ones.
    private static let limit = 1000
    private let farm: RegistrySession
    private let sessions = Mutex<[String: RegistrySession]>([:])

    init(of farm: RegistrySession) {
        self.farm = farm
    }

    subscript(tenant: String) -> RegistrySession {
        sessions.withLock { sessions in
            if let session = sessions[tenant] { return session }
            if sessions.count >= Self.limit, let other = sessions.keys.first { sessions[other] = nil }
            let session = RegistrySession(of: tenant, in: farm)
            sessions[tenant] = session
            return session
        }
    }
}
