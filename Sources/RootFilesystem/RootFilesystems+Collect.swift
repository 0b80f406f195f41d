internal import BuildModel
internal import Platform

extension RootFilesystems {
    /// What was removed, and what is left.
    package struct Collection: Sendable, Hashable {
        package var removedLayers = 0
        /// Bytes of the files in layers.
        package var removedBytes: Int64 = 0
        package var keptBytes: Int64 = 0
    }

    /// Removes layers that nobody uses: those that were not used for `age`, and, longest unused first, what is over the budget.
    ///
    /// - Throws: `BuildFailure` with code `system`.
    package func collect(budget: Int64, age: Duration) async throws -> Collection {
        let oldest = (SystemInformation.currentMilliseconds - age.milliseconds) * 1_000_000
        return try await pool.run { [self] in
            let layers = try unpackedLayers().sorted { $0.lastUse < $1.lastUse }
            var result = Collection(keptBytes: layers.reduce(0) { $0 + $1.bytes })
            for layer in layers where layer.lastUse < oldest || result.keptBytes > budget {
                guard try remove(layer.shelf) else { continue }
                result.removedLayers += 1
                result.removedBytes += layer.bytes
                result.keptBytes -= layer.bytes
            }
            return result
        }
    }

    private func unpackedLayers() throws(BuildFailure) -> [(shelf: LayerShelf, bytes: Int64, lastUse: Int64)] {
        var layers: [(shelf: LayerShelf, bytes: Int64, lastUse: Int64)] = []
        for name in try Directories.list(settings.directory) {
            guard let shelf = shelf(named: name), Directories.exists(shelf.directory) else { continue }
            // What has no readable state is nothing that can be used: it counts as never used.
            let (bytes, lastUse) = try shelf.usage() ?? (0, 0)
            layers.append((shelf, bytes, lastUse))
        }
        return layers
    }

    /// Removes what interrupted unpackings and removals left, but for what is still under way.
    func removeRemains() throws(BuildFailure) {
        let suffix = ".partial"
        for name in try Directories.list(settings.directory) where name.hasSuffix(suffix) {
            guard let shelf = shelf(named: String(name.dropLast(suffix.count))),
                try FileLock.attempt(shelf.lock, .exclusive) != nil
            else { continue }
            try shelf.removeRemains()
        }
    }

    /// - Returns: false if somebody uses the layer.
    private func remove(_ shelf: LayerShelf) throws(BuildFailure) -> Bool {
        guard let lock = try FileLock.attempt(shelf.lock, .exclusive) else { return false }
        try shelf.remove()
        try lock.removeFile()
        return true
    }

    private func shelf(named name: String) -> LayerShelf? {
        guard name.utf8.count == 64, let bytes = Hexadecimal.decode(name) else { return nil }
        return shelf(Digest(sha256: bytes))
    }
}
