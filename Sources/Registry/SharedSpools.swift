internal import BuildModel
internal import Platform
internal import Synchronization

/// Blobs that were downloaded and are still in somebody's hands: who wants one of them gets the same file.
final class SharedSpools: Sendable {
    private struct Entry {
        weak var file: SpoolFile?
    }

    private let slots = KeyedSlots<String>(width: 1)
    private let entries = Mutex<[String: Entry]>([:])

    /// The file of a key that somebody holds, or the one that `download` makes. Of all that want the same one, one downloads it
    /// and the others wait for that.
    func file(_ key: String, _ download: () async throws -> SpoolFile) async throws -> SpoolFile {
        try await slots.withSlot(key) {
            if let file = entries.withLock({ $0[key]?.file }) { return file }
            let file = try await download()
            entries.withLock { entries in
                entries = entries.filter { $0.value.file != nil }
                entries[key] = Entry(file: file)
            }
            return file
        }
    }
}
