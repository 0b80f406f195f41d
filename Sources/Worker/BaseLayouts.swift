internal import BuildModel
internal import ImageBuild
internal import Platform

/// Where base images are looked for before any registry: OCI layouts as directories, and as archives in one file, which are taken
/// apart once by a node and again when the file changes.
struct BaseLayouts: Sendable {
    private static let pool = BlockingPool(label: "layouts.unpack", width: 1)

    let places: [String]
    private let cache: String

    /// - Parameter cache: the directory for what archives hold; made when it is needed.
    init(_ places: [String], cache: String) {
        self.places = places
        self.cache = cache
    }

    /// The layout's directory; nil if there is nothing at `place`.
    ///
    /// - Throws: `BuildFailure`: `invalid_layout` that names the file; `system`.
    func directory(of place: String) async throws -> String? {
        if Directories.exists(place) { return place }
        guard let state = Directories.state(of: place) else { return nil }
        let (cache, prefix) = (cache, "\(Self.digest(state.name))-")
        let directory = "\(cache)/\(prefix)\(Self.digest("\(state.size) \(state.modified)"))"
        if Directories.exists(directory) { return directory }
        return try await Self.pool.run {
            Self.sweep(cache, prefix)
            return try Self.unpacked(state, as: directory, in: cache)
        }
    }

    private static func digest(_ text: String) -> String { String(Digest(of: text).hex.prefix(16)) }

    /// Removes what earlier states of a file, whose directories begin with `prefix`, held, and what processes that were killed left, once no build can be using it.
    private static func sweep(_ cache: String, _ prefix: String) {
        let aDayAgo = (SystemInformation.currentMilliseconds - 86_400_000) * 1_000_000
        for name in (try? Directories.list(cache)) ?? [] where name.hasPrefix(prefix) || name.hasPrefix(staging) {
            guard let made = Directories.state(of: "\(cache)/\(name)/oci-layout")?.modified, made < aDayAgo else {
                continue
            }
            try? Directories.remove("\(cache)/\(name)")
        }
    }

    private static let staging = ".archive-"

    private static func unpacked(_ file: Directories.File, as directory: String, in cache: String) throws -> String {
        if Directories.exists(directory) { return directory }
        try Directories.create(cache)
        let staging = try Directories.createTemporary(in: cache, prefix: staging)
        do {
            try LayoutArchive.unpack(file.name, into: staging)
            try Files.rename(staging, to: directory)
        } catch {
            try? Directories.remove(staging)
            // Another process of this node was first.
            if Directories.exists(directory) { return directory }
            throw error
        }
        return directory
    }
}
