internal import BuildModel
internal import GitStore
internal import ImageBuild
internal import Platform

extension ImageMaker {
    /// What the app may write to is said last: it holds for directories of the source, of steps, and for new ones.
    func writeWritable(
        of plan: BuildPlan,
        _ revision: Revision,
        from source: any RevisionSource,
        on base: LayerBase,
        _ log: any BuildLog,
        _ account: LayerAccounts?
    ) async throws -> [Layer] {
        guard var writable = plan.writableDirectories else { return [] }
        let found = plan.foundInSource
        if !found.isEmpty {
            let left = try await keptOut(found, of: revision, from: source, log)
            writable.paths.removeAll { left.contains($0) }
        }
        return try await writeSmall(log, account) { [writable] settings, cancellation in
            try LayerWriter.write(
                writable: writable,
                on: base,
                comment: "directories that the app may write to",
                settings: settings,
                cancellation: cancellation
            )
        }
    }

    /// The directories of the image that are not in its source's layers, as ignore rules keep them out. Remembered, so that of a tree that
    /// was built before no object is read.
    private func keptOut(
        _ found: [FoundDirectory],
        of revision: Revision,
        from source: any RevisionSource,
        _ log: any BuildLog
    ) async throws -> Set<String> {
        let key = Digest(of: (["kept-out-v1", revision.tree.hex] + found.map(\.path)).joined(separator: "\0"))
        let note = log.attempt("Remembered layers cannot be read") { try layers.memo.note(for: key) } ?? nil
        if let note, let places = Self.places(note, in: found) { return places }
        let left = try await source.withTree(of: revision) { tree in
            try LayerWriter.keptOut(found.map(\.inSource), of: tree)
        }
        let indices = found.indices.filter { left.contains(found[$0].inSource) }
        let text = "-" + indices.map { "\($0)" }.joined(separator: ",")
        log.attempt("What ignore rules keep out cannot be remembered") {
            try layers.memo.remember(note: text, for: key)
        }
        return Set(indices.map { found[$0].path })
    }

    /// nil for what is no note of directories.
    private static func places(_ note: String, in found: [FoundDirectory]) -> Set<String>? {
        guard note.hasPrefix("-") else { return nil }
        let indices = note.dropFirst().split(separator: ",").map { Int($0) }
        let paths = indices.compactMap { $0 }.filter(found.indices.contains).map { found[$0].path }
        return paths.count == indices.count ? Set(paths) : nil
    }
}

/// A directory that the app may write to as it lies below one that was named.
private struct FoundDirectory {
    /// In the image, absolute.
    var path: String
    /// In the source, relative.
    var inSource: String
}

extension BuildPlan {
    fileprivate var foundInSource: [FoundDirectory] {
        let prefix = applicationDirectory + "/"
        return foundWritable.filter { $0.hasPrefix(prefix) }.map { path in
            FoundDirectory(path: path, inSource: String(path.dropFirst(prefix.count)))
        }
    }
}
