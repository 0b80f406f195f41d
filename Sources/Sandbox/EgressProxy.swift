internal import BuildModel
internal import Platform
internal import Synchronization

/// The one way out of a step with egress: a proxy whose socket listens in the step's network and whose connections are made in the
/// worker's. It resolves names itself, and looks at what they lead to before it connects.
final class EgressProxy: Sendable {
    private let listener: AsyncSocket
    let policy: EgressPolicy
    let record: EgressRecord

    /// At once; more wait in the socket's queue.
    private static let mostConnections = 128
    let names = NameLookups()

    /// Takes over the listening socket.
    init(
        _ listener: Int32,
        policy: EgressPolicy,
        log: any BuildLog,
        name: String,
        secrets: [Redacted<String>]
    ) {
        self.listener = AsyncSocket(listener)
        self.policy = policy
        record = EgressRecord(log, name: name, secrets: secrets)
    }

    /// Serves until the task is cancelled.
    func run() async {
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                var running = 0
                while let client = await self.listener.accept() {
                    if running == Self.mostConnections {
                        await group.next()
                        running -= 1
                    }
                    running += 1
                    group.addTask { await EgressConnection(client, proxy: self).serve() }
                }
                group.cancelAll()
            }
        } onCancel: {
            listener.shutDown()
        }
        record.tell()
    }

    func summary() -> (EgressCounts, [String]) { record.summary }
}
