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
        let cache = cache
        return try await Self.pool.run { try Self.unpacked(state, in: cache) }
    }

    private static func unpacked(_ file: Directories.File, in cache: String) throws -> String {
        let key = Digest(of: "\(file.name)\n\(file.size)\n\(file.modified)").hex.prefix(32)
        let directory = "\(cache)/\(key)"
        if Directories.exists(directory) { return directory }
        try Directories.create(cache)
        let staging = try Directories.createTemporary(in: cache, prefix: ".archive-")
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
