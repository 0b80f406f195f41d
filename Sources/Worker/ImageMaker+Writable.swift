internal import BuildModel
internal import GitStore
internal import ImageBuild

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
        let listed = plan.writableOfSource
        if !listed.isEmpty {
            let left = try await source.withTree(of: revision) { tree in try LayerWriter.keptOut(listed, of: tree) }
            let prefix = plan.applicationDirectory + "/"
            writable.paths.removeAll { $0.hasPrefix(prefix) && left.contains(String($0.dropFirst(prefix.count))) }
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
}

extension BuildPlan {
    /// Directories that are writable because they lie below another that is, and may be the source's alone; relative to its root.
    fileprivate var writableOfSource: [String] {
        guard includesSource else { return [] }
        let (all, prefix) = (Set(writable), applicationDirectory + "/")
        return writable.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.filter { path in
            path.indices.contains { path[$0] == "/" && all.contains(prefix + path[..<$0]) }
        }
    }
}
