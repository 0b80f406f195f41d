internal import Platform
internal import Synchronization

/// Passes bytes between a step and a server until both have ended, nothing has moved for long, or too much has.
final class EgressRelay: Sendable {
    private let client: AsyncSocket
    private let server: AsyncSocket
    private let record: EgressRecord
    private let destination: String
    private let hasMoved = Atomic<Bool>(true)

    private static let idleLimit = Duration.seconds(300)
    /// What all connections of a step may carry together.
    private static let mostBytes: Int64 = 64 << 30

    init(_ client: AsyncSocket, _ server: AsyncSocket, record: EgressRecord, destination: String) {
        self.client = client
        self.server = server
        self.record = record
        self.destination = destination
    }

    func run() async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.endWhenIdle() }
                await withDiscardingTaskGroup { directions in
                    directions.addTask { await self.pass(from: self.client, to: self.server, isIncoming: false) }
                    directions.addTask { await self.pass(from: self.server, to: self.client, isIncoming: true) }
                }
                group.cancelAll()
            }
        } onCancel: {
            end()
        }
    }

    private func end() {
        client.shutDown()
        server.shutDown()
    }

    private func endWhenIdle() async {
        while hasMoved.exchange(false, ordering: .relaxed) {
            guard (try? await Task.sleep(for: Self.idleLimit)) != nil else { return }
        }
        end()
    }

    private func pass(from source: AsyncSocket, to target: AsyncSocket, isIncoming: Bool) async {
        do {
            while case let bytes = try await source.read(), !bytes.isEmpty {
                hasMoved.store(true, ordering: .relaxed)
                guard record.add(bytes.count, isIncoming: isIncoming, of: destination) <= Self.mostBytes else {
                    record.refuse(destination, "the step has used up what it may transfer")
                    return end()
                }
                try await target.write(bytes)
                // Where both sides are always ready, nothing else would get a turn.
                await Task.yield()
            }
            target.endWriting()
        } catch {
            end()
        }
    }
}
