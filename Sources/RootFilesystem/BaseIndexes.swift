package import BuildModel
internal import Platform
internal import Synchronization

/// What the directories of base images look like, read from their layers' headers once for each image and kept on the node.
///
/// Any number of processes may use the same directory. What is torn or damaged is made again.
package final class BaseIndexes: Sendable {
    /// Files in the directory, and indexes in memory.
    private static let (maximumFiles, maximumHeld) = (256, 8)
    private static let lockSuffix = ".lock"

    private let directory: String
    private let maximumBytes: Int64
    private let fetch: RootFilesystems.Fetch
    private let pool = BlockingPool(label: "slipway.bases", width: 2)
    private let inflaters = BlockingPool(label: "slipway.bases.inflate", width: 2)
    private let held = Mutex<[Digest: BaseDirectories]>([:])

    /// - Parameters:
    ///   - directory: made if it is not there; holds nothing else.
    ///   - maximumBytes: of the tars of one image together.
    ///   - fetch: gets a blob that is not on this node.
    /// - Throws: `BuildFailure` with code `system` that names the directory.
    package init(
        directory: String,
        maximumBytes: Int64 = 64 << 30,
        fetch: @escaping RootFilesystems.Fetch
    ) throws(BuildFailure) {
        try Directories.create(directory, mode: 0o700)
        self.directory = directory
        self.maximumBytes = maximumBytes
        self.fetch = fetch
    }

    /// The directories of an image.
    ///
    /// - Parameter willRead: called before the image's layers are read.
    /// - Throws: `BuildFailure`: `invalid_image`, `invalid_layer`, `corrupted`, `limit_exceeded`, `cancelled`, `system`; what `fetch`
    ///   throws.
    package func directories(of image: BaseImage, willRead: () -> Void = {}) async throws -> BaseDirectories {
        let layers = try image.filesystemLayers()
        guard let key = FilesystemLayer.chainIDs(of: layers).last else { return .none }
        if let known = held.withLock({ $0[key] }) { return known }
        let found = try await kept(key, making: layers, willRead)
        held.withLock { held in
            if held.count >= Self.maximumHeld { held.removeAll() }
            held[key] = found
        }
        return found
    }

    /// Of those who need an index at the same time, in whatever process, one makes it.
    private func kept(
        _ key: Digest,
        making layers: [FilesystemLayer],
        _ willRead: () -> Void
    ) async throws -> BaseDirectories {
        let path = "\(directory)/\(key.hex)"
        var pause = Duration.milliseconds(2)
        while true {
            if let found = try await pool.run({ Self.read(path) }) { return found }
            if let lock = try FileLock.attempt("\(path)\(Self.lockSuffix)", .exclusive) {
                defer { try? lock.removeFile() }
                if let found = try await pool.run({ Self.read(path) }) { return found }
                willRead()
                let made = try await make(layers)
                try await pool.run {
                    try Files.writeInOneStep(BaseIndexFile.bytes(made), to: path)
                    try self.sweep()
                }
                return made
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(50))
        }
    }

    private static func read(_ path: String) -> BaseDirectories? {
        guard Files.exists(path), let bytes = try? Files.read(path, limit: 512 << 20) else { return nil }
        try? Files.touch(path)
        return BaseIndexFile.directories(bytes)
    }

    private func make(_ layers: [FilesystemLayer]) async throws -> BaseDirectories {
        let budget = UnpackBudget(maximumBytes: maximumBytes, directory: directory, minimumFreeBytes: 0)
        var stack = DirectoryStack()
        for layer in layers {
            let content = try await layer.blob.content(fetch)
            let cancellation = CancelFlag()
            let before = stack
            stack = try await cancellation.whileRunning {
                try await self.pool.run {
                    var stack = before
                    stack.beginLayer()
                    let archive = LayerArchive(
                        layer: layer,
                        content: content,
                        budget: budget,
                        inflaters: self.inflaters
                    )
                    try archive.forEachEntry(cancellation) { (entry, _) throws(BuildFailure) in try stack.add(entry) }
                    return stack
                }
            }
        }
        return stack.directories
    }

    /// Removes those that nobody asked for the longest.
    private func sweep() throws(BuildFailure) {
        let files = try Directories.files(in: directory).filter { !$0.name.hasSuffix(Self.lockSuffix) }
        guard files.count > Self.maximumFiles else { return }
        for file in files.sorted(by: { $0.modified < $1.modified }).prefix(files.count - Self.maximumFiles) {
            try Files.remove("\(directory)/\(file.name)")
        }
    }
}
