package import BuildModel
internal import Buildpacks
internal import GitStore
internal import Platform

extension BuildStages {
    /// Request to revision: fetches the repository into this node's mirror.
    func fetch(_ request: BuildRequest, _ reporter: any AttemptReporter) async throws -> Revision {
        let source = GitSource(request)
        reporter.say("Fetching \(source.displayURL)", .cloning)
        let revision = try await mirrors.fetch(source, log: reporter)
        let subject = revision.commitMessage.split(separator: "\n").first.map { " \"\($0.prefix(72))\"" } ?? ""
        let place = revision.rootDirectory.isEmpty ? "" : ", directory \(revision.rootDirectory)"
        reporter.say("Commit \(revision.commit.short)\(subject) by \(revision.authorName)\(place)", .cloning)
        return revision
    }

    /// Revision to plan: asks the rules. Where the only app lies below the root, the revision is that of its directory.
    func plan(
        _ request: BuildRequest,
        _ revision: Revision,
        _ reporter: any AttemptReporter
    ) async throws -> (BuildPlan, Revision) {
        let options = PlanOptions(request, today: Timestamp.today)
        var revision = revision
        let plan: BuildPlan
        do {
            plan = try await self.plan(revision, options)
        } catch let failure as BuildFailure where failure.fault == .code {
            let app = try await mirrors.withTree(of: revision) { [rules] tree in
                try rules.soleApp(in: tree, besides: failure, options: options)
            }
            guard let app else { throw failure }
            reporter.say(app.words, .detecting)
            if !app.directory.isEmpty { revision = try await mirrors.revision(revision, at: app.directory) }
            plan = try await self.plan(revision, app.options)
        }
        PlanNarrator.tell(plan, to: reporter)
        return (plan, revision)
    }

    private func plan(_ revision: Revision, _ options: PlanOptions) async throws -> BuildPlan {
        try await mirrors.withTree(of: revision) { [rules] tree in try rules.plan(tree: tree, options: options) }
    }
}

/// Says in a build's log what was detected, from what, and why.
package enum PlanNarrator {
    package static func tell(_ plan: BuildPlan, to log: any BuildLog) {
        let evidence = plan.candidates.first?.evidence.first.map { ": \($0.predicate) (\($0.place))" } ?? ""
        log.say("Detected \(plan.language)\(evidence)", .detecting)
        log.say("Start command: \(plan.start.text) (from \(plan.start.source))", .detecting)
        if let release = plan.release {
            log.say("Release command: \(release.text) (from \(release.source)), unless the request has one", .detecting)
        }
        log.say("Runs in \(plan.heldRunImage), port \(plan.port), user \(plan.user)", .detecting)
        for warning in plan.warnings + plan.lockWarnings { log.say("Warning: \(warning)", .detecting) }
    }
}

extension Evidence {
    /// `file` or `file:line`.
    var place: String { line.map { "\(file):\($0)" } ?? file }
}
