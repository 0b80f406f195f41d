package import BuildModel
package import Platform

/// The root filesystems of images on this node: each layer is unpacked once, into a directory of its own that all builds share as
/// a lower directory of an overlay.
///
/// Any number of processes may use the same directory. What is in use is never removed; what was interrupted is never used.
/// The store's own directory admits only its owner, because images may hold programs with setuid; overlayfs looks into
/// lower directories with the rights of who mounts.
package final class RootFilesystems: Sendable {
    /// Gets a blob that is not on this node.
    package typealias Fetch = @Sendable (ImageBlob) async throws -> any BlobContent

    package struct Settings: Sendable {
        /// Made if it is not there; holds nothing else.
        package var directory: String
        /// Whose overlays the layers are for.
        package var overlay: OverlayAttributes
        /// The owner on disk of what belongs to root in an image; others follow.
        package var firstID: UInt32
        /// The largest image that is unpacked, in bytes of tar of the layers that are not there yet.
        package var maximumBytes: Int64
        /// Bytes that the disk has to have left.
        package var minimumFreeBytes: Int64
        /// Layers that are unpacked at the same time.
        package var width: Int

        package init(
            directory: String,
            overlay: OverlayAttributes = .trusted,
            firstID: UInt32 = 0,
            maximumBytes: Int64 = 32 << 30,
            minimumFreeBytes: Int64 = 0,
            width: Int = 4
        ) {
            self.directory = directory
            self.overlay = overlay
            self.firstID = firstID
            self.maximumBytes = maximumBytes
            self.minimumFreeBytes = minimumFreeBytes
            self.width = width
        }
    }

    let settings: Settings
    /// For what takes long, and for what does not and must not wait for that.
    let pool: BlockingPool
    private let looks = BlockingPool(label: "slipway.layers", width: 2)
    /// For waiting on the disk, which takes as long as everybody's writes together.
    private let syncs = BlockingPool(label: "slipway.sync", width: 1)
    private let unpacker: LayerUnpacker
    private let fetch: Fetch

    /// Opens the store, and removes what interrupted processes left in it.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the directory.
    package init(_ settings: Settings, fetch: @escaping Fetch) throws(BuildFailure) {
        try Directories.create(settings.directory, mode: 0o700)
        try Directories.create(settings.directory + "/locks", mode: 0o700)
        self.settings = settings
        self.fetch = fetch
        pool = BlockingPool(label: "slipway.unpack", width: settings.width)
        unpacker = LayerUnpacker(
            overlay: settings.overlay,
            owners: LayerOwners(firstID: settings.firstID),
            inflaters: BlockingPool(label: "slipway.inflate", width: settings.width)
        )
        try removeRemains()
    }

    /// The files of an image, for as long as the lease is kept.
    ///
    /// - Throws: as `lease(_:)`, and `invalid_image`.
    package func lease(_ image: BaseImage) async throws -> RootFilesystemLease {
        try await lease(image.filesystemLayers())
    }

    /// The files of layers on top of one another, lowest first; unpacks those that are not there, in parallel.
    ///
    /// - Parameter files: lie between the layers, and are among the lease's directories.
    /// - Throws: `BuildFailure`: `corrupted`, `invalid_layer`, `limit_exceeded`, `cancelled`, `system`; what `fetch` throws.
    package func lease(
        _ layers: [FilesystemLayer],
        around files: InterposedFiles? = nil
    ) async throws -> RootFilesystemLease {
        while true {
            if let lease = try await attemptLease(layers, around: files) { return lease }
        }
    }

    /// - Returns: nil if somebody has collected a layer between its being had alone and its being shared.
    private func attemptLease(
        _ layers: [FilesystemLayer],
        around files: InterposedFiles?
    ) async throws -> RootFilesystemLease? {
        let shelves = FilesystemLayer.chainIDs(of: layers, around: files).map(shelf)
        var locks: [FileLock] = []
        var missing: [Int] = []
        for (index, shelf) in shelves.enumerated() {
            let (lock, isWhole) = try await take(shelf)
            locks.append(lock)
            if !isWhole { missing.append(index) }
        }
        if !missing.isEmpty { try await unpack(missing, of: layers, onto: shelves, around: files, locks: locks) }
        let (indices, held) = (missing, locks)
        let isWhole = try await looks.run {
            for index in indices { try held[index].share() }
            // Of the others the lock was shared all the time.
            guard indices.allSatisfy({ shelves[$0].isWhole() }) else { return false }
            for shelf in shelves { try shelf.touch() }
            return true
        }
        guard isWhole else { return nil }
        return RootFilesystemLease(lowerDirectories: Self.directories(shelves[...], around: files), locks: locks)
    }

    /// Topmost first.
    private static func directories(_ shelves: ArraySlice<LayerShelf>, around files: InterposedFiles?) -> [String] {
        var directories = shelves.map(\.files)
        if let files, files.position <= shelves.count { directories.insert(files.directory, at: files.position) }
        return directories.reversed()
    }

    func shelf(_ chainID: Digest) -> LayerShelf {
        LayerShelf(
            store: settings.directory,
            chainID: chainID,
            overlay: settings.overlay,
            firstID: settings.firstID
        )
    }

    /// Locks a layer: shared if it is whole, else alone. Whoever waits looks for both, since a layer that another has made is shared
    /// from then on.
    private func take(_ shelf: LayerShelf) async throws -> (FileLock, isWhole: Bool) {
        var pause = Duration.milliseconds(2)
        while true {
            if let lock = try await looks.run({ try shelf.shareIfWhole() }) { return (lock, true) }
            if let lock = try FileLock.attempt(shelf.lock, .exclusive) {
                guard try await looks.run({ shelf.isWhole() }) else { return (lock, false) }
                continue
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(50))
        }
    }

    private func unpack(
        _ missing: [Int],
        of layers: [FilesystemLayer],
        onto shelves: [LayerShelf],
        around files: InterposedFiles?,
        locks: [FileLock]
    ) async throws {
        let overlay = settings.overlay
        do {
            let notes = try await unpackEach(missing, of: layers, onto: shelves)
            let cancellation = CancelFlag()
            try await cancellation.whileRunning {
                try await pool.run {
                    // A layer's last step looks at those below it, so it takes its place after they did.
                    for index in missing {
                        let below = Self.directories(shelves[..<index], around: files)
                        let notes = notes[index] ?? LayerNotes()
                        try shelves[index].finish(notes, onto: below, overlay, cancellation: cancellation)
                    }
                }
            }
        } catch {
            let failure = error
            try await pool.run { for index in missing { try shelves[index].removeRemains() } }
            throw failure
        }
        syncs.submit {
            // Without the mark a layer is as good until the system starts again. Locked, so that it is this very layer.
            withExtendedLifetime(locks) { for index in missing { try? shelves[index].sync() } }
        }
    }

    private func unpackEach(
        _ missing: [Int],
        of layers: [FilesystemLayer],
        onto shelves: [LayerShelf]
    ) async throws -> [Int: LayerNotes] {
        let budget = UnpackBudget(
            maximumBytes: settings.maximumBytes,
            directory: settings.directory,
            minimumFreeBytes: settings.minimumFreeBytes
        )
        return try await withThrowingTaskGroup(of: (Int, LayerNotes).self) { group in
            for index in missing {
                group.addTask { (index, try await self.unpack(layers[index], to: shelves[index], budget)) }
            }
            var notes: [Int: LayerNotes] = [:]
            for try await (index, found) in group { notes[index] = found }
            return notes
        }
    }

    private func unpack(
        _ layer: FilesystemLayer,
        to shelf: LayerShelf,
        _ budget: UnpackBudget
    ) async throws -> LayerNotes {
        let cancellation = CancelFlag()
        return try await cancellation.whileRunning {
            let content = try await layer.blob.content(fetch)
            let unpacker = unpacker
            return try await pool.run {
                try shelf.remove()
                let root = try shelf.begin()
                return try unpacker.unpack(layer, content, into: root, budget: budget, cancellation: cancellation)
            }
        }
    }
}

/// Root filesystem that is in use: its layers stay until the last reference to this goes, however the process ends.
package final class RootFilesystemLease: Sendable {
    /// Topmost first, as overlayfs' option `lowerdir` wants them.
    package let lowerDirectories: [String]
    private let locks: [FileLock]

    init(lowerDirectories: [String], locks: [FileLock]) {
        self.lowerDirectories = lowerDirectories
        self.locks = locks
    }
}

extension ImageBlob {
    /// The blob's bytes on this node.
    func content(_ fetch: RootFilesystems.Fetch) async throws -> any BlobContent {
        switch source {
        case .local(let content): content
        case .deferred(let make): try await make()
        case .registry: try await fetch(self)
        }
    }
}
