package import BuildModel
internal import Documents
internal import Platform
internal import Synchronization

/// Remembers results of steps: on this node in a journal that all its processes share, and in the farm's memory if there is one.
package final class StepMemo: Sendable {
    private static let limit: Int64 = 16 << 20
    private static let nothing = "-"

    private let journal: Journal
    private let farm: (any DigestMemory)?
    private let records = Mutex<[Digest: StepRecord]>([:])

    /// - Parameter directory: an existing directory; the journal in it is made at first use.
    package init(in directory: String, farm: (any DigestMemory)?) {
        journal = Journal(path: "\(directory)/steps.journal", limit: Self.limit)
        self.farm = farm
    }

    /// What is remembered on this node.
    func record(for key: Digest) throws(BuildFailure) -> StepRecord? {
        try catchUp()
        return records.withLock { $0[key] }
    }

    /// What the farm remembers.
    func farmRecord(for key: Digest) async throws -> StepRecord? {
        guard let text = try await farm?.recall(key) else { return nil }
        return (try? JSONDocument.parse(text)).flatMap(StepRecord.init(json:))
    }

    func remember(_ record: StepRecord, for key: Digest) async throws {
        try await journal.append("\(key.hex) \(record.text)")
    }

    /// Tells the other nodes: worth it only once a registry has the layers.
    func share(_ record: StepRecord, for key: Digest) async throws {
        try await farm?.remember(record.text, for: key)
    }

    func forget(_ key: Digest) async throws {
        try await journal.append("\(key.hex) \(Self.nothing)")
        try await farm?.forget(key)
    }

    /// Everything that this node remembers.
    func all() throws(BuildFailure) -> [Digest: StepRecord] {
        try catchUp()
        return records.withLock { $0 }
    }

    private func catchUp() throws(BuildFailure) {
        try records.withLock { (records) throws(BuildFailure) in
            for text in try journal.newTexts() {
                let words = text.split(separator: " ", maxSplits: 1)
                guard words.count == 2, let bytes = Hexadecimal.decode(String(words[0])), bytes.count == 32 else {
                    continue
                }
                let value = try? JSONDocument.parse(String(words[1]))
                records[Digest(sha256: bytes)] = value.flatMap(StepRecord.init(json:))
            }
        }
    }
}
