import BuildModel
import Buildpacks
import GitStore
import Platform
import Settings
import Telemetry
import Worker

extension Workshop {
    /// The plan of what was opened, made or remembered, and what it is of: where the only app lies below what was asked for, its directory.
    func plan(
        _ opened: OpenedSource,
        of source: SourceOptions,
        by files: RuleFiles,
        log: any BuildLog
    ) async throws -> (BuildPlan, OpenedSource) {
        let options = try source.planOptions()
        do {
            return (try await plan(opened, options, by: files), opened)
        } catch let failure as BuildFailure where failure.fault == .code {
            let rules = try RuleSet(files)
            let app = try await opened.source.withTree(of: opened.revision) { tree in
                try rules.soleApp(in: tree, besides: failure, options: options)
            }
            guard let app else { throw failure }
            log.say(app.words, .detecting)
            let below = app.directory.isEmpty ? opened : try await opened.at(app.directory, of: source, self, log)
            return (try await plan(below, app.options, by: files), below)
        }
    }

    private func plan(_ opened: OpenedSource, _ options: PlanOptions, by files: RuleFiles) async throws -> BuildPlan {
        let memo = PlanMemo(directory: "\(settings.cacheDirectory)/plans")
        let key = PlanMemo.key(tree: opened.revision.tree, rules: files.digest, options)
        if let plan = memo.plan(for: key) { return plan }
        let place = opened.place
        // The rules take more than most of what comes after, and are gone.
        defer { SystemInformation.returnFreeMemory() }
        return try await opened.source.withTree(of: opened.revision) { tree in
            try memo.plan(of: tree, in: place, by: files, options)
        }
    }
}

extension OpenedSource {
    /// The same commit, of which a directory is built; a plain directory is taken in anew.
    func at(
        _ directory: String,
        of options: SourceOptions,
        _ workshop: Workshop,
        _ log: any BuildLog
    ) async throws -> OpenedSource {
        if (source as? LocalRepository)?.isImported == true {
            return try await options.moved(to: directory).open(workshop, log: log)
        }
        var below = self
        below.revision = try await source.revision(revision, at: directory)
        return below
    }
}

extension SourceOptions {
    /// The same, for a directory further down.
    func moved(to directory: String) -> SourceOptions {
        var moved = self
        moved.root = [self.directory, directory].filter { !$0.isEmpty }.joined(separator: "/")
        return moved
    }
}
