internal import BuildModel
internal import Platform
internal import Synchronization

/// What all layers of an image may take together while they are unpacked, by any number of threads.
final class UnpackBudget: Sendable {
    private static let maximumEntries = 4_000_000
    /// Between two looks at the disk.
    private static let lookBytes: Int64 = 64 << 20

    private let maximumBytes: Int64
    private let directory: String
    private let minimumFreeBytes: Int64
    private let bytes = Atomic<Int64>(0)
    private let entries = Atomic<Int>(0)

    /// - Parameters:
    ///   - maximumBytes: bytes of tar.
    ///   - directory: where is unpacked.
    ///   - minimumFreeBytes: what the disk there has to have left.
    init(maximumBytes: Int64, directory: String, minimumFreeBytes: Int64) {
        self.maximumBytes = maximumBytes
        self.directory = directory
        self.minimumFreeBytes = minimumFreeBytes
    }

    /// - Throws: `BuildFailure`: `limit_exceeded`; `disk_full`, retryable, when the node has too little left.
    func take(bytes count: Int) throws(BuildFailure) {
        let (before, after) = bytes.add(Int64(count), ordering: .relaxed)
        guard after <= maximumBytes else { throw UnpackFailure.tooLarge("bytes", limit: maximumBytes) }
        guard before == 0 || before / Self.lookBytes != after / Self.lookBytes else { return }
        let free = Files.freeBytes(at: directory)
        guard free >= minimumFreeBytes else { throw UnpackFailure.nodeFull(directory, free: free) }
    }

    func takeEntry() throws(BuildFailure) {
        guard entries.add(1, ordering: .relaxed).newValue <= Self.maximumEntries else {
            throw UnpackFailure.tooLarge("entries", limit: Int64(Self.maximumEntries))
        }
    }
}
