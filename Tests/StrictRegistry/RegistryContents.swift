internal import BuildModel
internal import Documents
internal import Platform

/// What a registry holds.
struct RegistryContents {
    struct Manifest {
        var mediaType: String
        var bytes: [UInt8]
        var document: JSONValue
    }

    struct Upload {
        var repository: String
        var bytes: [UInt8] = []
        var parts = 0
        /// Whether the latest chunk was smaller than those before the last may be.
        var isShort = false
        /// The number of the one Location that is good now.
        var state = 0
    }

    struct Token {
        var scopes: Set<String>
        var end: ContinuousClock.Instant
    }

    var blobs: [String: [Digest: [UInt8]]] = [:]
    var manifests: [String: [Digest: Manifest]] = [:]
    var tags: [String: [String: Digest]] = [:]
    var uploads: [String: Upload] = [:]
    var tokens: [String: Token] = [:]
    /// Manifests that are being taken.
    var busy: Set<String> = []
    /// When requests came within the last second.
    var arrivals: [ContinuousClock.Instant] = []
    var counter = 0
    var violations: [String] = []
    var requestCount = 0
    var counts: [String: Int] = [:]

    mutating func next() -> Int {
        counter += 1
        return counter
    }

    func manifest(_ reference: String, in repository: String) -> (Digest, Manifest)? {
        let digest = (try? Digest(parsing: reference)) ?? tags[repository]?[reference]
        guard let digest, let manifest = manifests[repository]?[digest] else { return nil }
        return (digest, manifest)
    }

    /// Blobs and manifests that a manifest names and the repository lacks.
    func missing(_ document: JSONValue, in repository: String) -> [String] {
        let blobs = [document["config"]].compactMap { $0 } + (document["layers"]?.array ?? [])
        let children = document["manifests"]?.array ?? []
        func digest(_ value: JSONValue) -> Digest? { value["digest"]?.string.flatMap { try? Digest(parsing: $0) } }
        return blobs.compactMap(digest).filter { self.blobs[repository]?[$0] == nil }.map(\.description)
            + children.compactMap(digest).filter { self.manifests[repository]?[$0] == nil }.map(\.description)
    }
}
