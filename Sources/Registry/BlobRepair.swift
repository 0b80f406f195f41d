internal import BuildModel

/// Which blobs of an image are sent again when the registry does not find them any more.
///
/// Some registries name all that they miss, some the first alone, some none. Those that are named go first; when a registry names one
/// after the other, or the same again, everything goes once more, and after that there is nothing left to try.
struct BlobRepair {
    /// Rounds in which only what is named is sent.
    private static let rounds = 2
    private let blobs: [ImageBlob]
    private var sent: Set<Digest> = []
    private var round = 0

    init(_ blobs: [ImageBlob]) {
        self.blobs = blobs
    }

    /// What to send after an answer that misses something; nil when all of it was sent and that did not help.
    mutating func next(after lost: [RegistryError]) -> [ImageBlob]? {
        round += 1
        guard round <= Self.rounds + 1, sent.count < blobs.count else { return nil }
        let named = blobs.filter { blob in
            !sent.contains(blob.descriptor.digest) && lost.contains { $0.names(blob.descriptor.digest) }
        }
        let again = named.isEmpty || round > Self.rounds ? blobs : named
        sent.formUnion(again.map(\.descriptor.digest))
        return again
    }
}
