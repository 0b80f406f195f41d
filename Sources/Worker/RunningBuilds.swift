internal import BuildModel
internal import Synchronization

/// The builds that run on this worker, by id, so that news about one reaches it.
final class RunningBuilds: Sendable {
    private let guardians = Mutex<[String: LeaseGuardian]>([:])

    var count: Int { guardians.withLock { $0.count } }

    /// Runs `body` as the build's attempt.
    func whileRunning<Value>(_ guardian: LeaseGuardian, of id: String, _ body: () async -> Value) async -> Value {
        guardians.withLock { $0[id] = guardian }
        defer { guardians.withLock { if $0[id] === guardian { $0[id] = nil } } }
        return await body()
    }

    /// Lets those of the builds that run here ask at once whether they have to stop.
    func hurry(_ ids: [String]) async {
        for guardian in guardians.withLock({ guardians in ids.compactMap { guardians[$0] } }) {
            do {
                try await guardian.renew()
            } catch {
                // The attempt finds the same out by its own renewal, and acts on it.
                guardian.noteTrouble(error, doing: "renew the lease for a cancelled build")
            }
        }
    }
}
