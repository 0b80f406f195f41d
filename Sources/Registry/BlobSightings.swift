internal import BuildModel
internal import Platform
internal import Synchronization

/// In which repositories of a registry blobs were seen, by tenant: there they can be mounted from.
///
/// All processes of a node share a journal, all nodes of a farm its memory. It is only a hint: what is wrong in it costs a request.
final class BlobSightings: Sendable {
    /// Who saw a blob where. What one tenant has is never told to another, nor to one with another user name at the registry.
    struct Key: Sendable, Hashable {
        var tenant: String?
        var origin: String
        var identity: String?
        var digest: Digest
        /// Whether other images may have the blob as well. Of a config, which none has, the farm is not told.
        var isShared = true

        /// The same in every process of every node.
        var place: Digest {
            let parts = [tenant.map { "t\($0)" } ?? "", origin, identity.map { "i\($0)" } ?? "", digest.hex]
            return Digest(of: parts.joined(separator: "\0"))
        }

        /// For the journal.
        var word: String { place.hex }
    }

    /// Repositories that are kept for one blob.
    static let repositories = 3
    /// About 30,000 sightings.
    private static let limit: Int64 = 8 << 20
    /// In memory, blobs at most.
    private static let blobs = 100_000

    private let journal: Journal?
    private let farm: FarmSightings?
    /// Where the journal is read and written: other processes may keep it for a while.
    private let pool = BlockingPool(label: "slipway.sightings", width: 1)
    private let known = Mutex<[String: [String]]>([:])

    /// - Parameters:
    ///   - path: a file in a directory that exists; nil to keep it in memory.
    ///   - farm: what other nodes saw.
    init(path: String?, farm: FarmSightings? = nil) {
        journal = path.map { Journal(path: $0, limit: Self.limit) }
        self.farm = farm
    }

    /// The repositories where the blob was seen, by the farm and then by the node, each the latest first.
    func places(of key: Key) async -> [String] {
        let others = key.isShared ? await farm?.places(of: key.place) ?? [] : []
        let own = (try? await pool.run { self.look(for: key) }) ?? []
        return others + own.filter { !others.contains($0) }
    }

    /// Remembers that a repository has the blob.
    func see(_ key: Key, in repository: String) async {
        try? await pool.run {
            guard self.look(for: key).first != repository else { return }
            self.put("\(key.word) +\(repository)")
        }
        if key.isShared { await farm?.see(key.place, in: repository) }
    }

    /// A repository turned out not to have the blob, or not to give it.
    func forget(_ key: Key, in repository: String) async {
        try? await pool.run { self.put("\(key.word) -\(repository)") }
        if key.isShared { await farm?.forget(key.place, in: repository) }
    }

    private func look(for key: Key) -> [String] {
        known.withLock { known in
            // Only a hint: a journal that cannot be read knows nothing.
            for text in (try? journal?.newTexts()) ?? [] { Self.take(text, into: &known) }
            return known[key.word] ?? []
        }
    }

    private func put(_ text: String) {
        if let journal, (try? journal.append(text)) != nil { return }
        known.withLock { Self.take(text, into: &$0) }
    }

    private static func take(_ text: String, into known: inout [String: [String]]) {
        let words = text.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let sign = words[1].first else { return }
        let (key, repository) = (String(words[0]), String(words[1].dropFirst()))
        guard ImageReference.isRepository(repository) else { return }
        if known[key] == nil, known.count >= blobs { known = [:] }
        var places = (known[key] ?? []).filter { $0 != repository }
        if sign == "+" { places.insert(repository, at: 0) }
        known[key] = places.isEmpty ? nil : Array(places.prefix(repositories))
    }
}
