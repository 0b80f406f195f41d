internal import BuildModel

extension Deployer {
    /// How many good builds are tried at most after a rollout that failed: each may take as long as a rollout may.
    private static let tries = 3

    /// The failure of a deployment or a rollback, after the last version that comes up was brought back, with words about that.
    ///
    /// - Parameters:
    ///   - former: what ran before a rollback, which is tried first; nil after a deployment.
    ///   - wanted: what the rollback had set out for.
    func goingBack(
        after failure: BuildFailure,
        from former: AppVersion? = nil,
        wanted: AppVersion? = nil,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async -> BuildFailure {
        guard client.settings.rollsBack else { return failure }
        log.say("Failed: \(failure.message)", .deploying)
        var failure = failure
        guard !client.settings.template.isPerBuild else {
            failure.message += " Builds before it have Deployments of their own, which are as they were."
            return failure
        }
        do {
            let live = try await live(writer)
            let failed = FormerVersion.version(of: live)
            var versions = GoodBuilds(of: live).before(failed)
            if let former, failed?.matches(former) != true {
                versions = [former] + versions.filter { !$0.matches(former) }
            }
            let attempts = versions.prefix(Self.tries).map { version in
                Attempt(version: version, isFormer: version == former, isSameBuild: version.build == failed?.build)
            }
            failure.message += await words(goingBackTo: attempts, over: live, wanted: wanted, writer, log)
        } catch {
            failure.message += " Going back was not possible: \(BuildFailure(error, operation: "kubernetes.rollback"))"
        }
        return failure
    }

    /// A version to go back to, and how it is called.
    private struct Attempt {
        var version: AppVersion
        var isFormer: Bool
        var isSameBuild: Bool

        var name: String { "'\(version.build)'" + (isSameBuild ? ", as it was deployed before," : "") }

        var goal: String { isFormer ? "what ran before," : "the good build" }

        func role(_ index: Int) -> String {
            if isFormer { return "What ran before," }
            return index == 0 ? "The last good build" : "The good build before,"
        }
    }

    /// Tries good builds in turn, and says what came of it.
    private func words(
        goingBackTo attempts: [Attempt],
        over live: JSONValue,
        wanted: AppVersion?,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async -> String {
        guard !attempts.isEmpty else { return " There is no good build to go back to." }
        var words = ""
        for (index, attempt) in attempts.enumerated() {
            do {
                try await restore(attempt.version, over: live, wanted: wanted, writer, log)
                return "\(words) \(attempt.role(index)) \(attempt.name) was brought back and runs."
            } catch {
                let reason = BuildFailure(error, operation: "kubernetes.rollback")
                words += " Going back to \(attempt.goal) \(attempt.name) failed: \(reason)"
                guard reason.mayBeOfThatBuildAlone else { return words }
                log.say("Failed: \(reason.message)", .deploying)
            }
        }
        return words
    }
}

extension BuildFailure {
    /// Whether a rollout was judged to have failed; anything else says nothing about the new version.
    var isVerdict: Bool { operation == "kubernetes.rollout" && fault != .cancelled && !isRetryable }

    /// Whether the cluster said no for good to an object of a deployment that was begun.
    var isRefusal: Bool {
        ["kubernetes.apply", "kubernetes.create", "kubernetes.amend", "kubernetes.delete"].contains(operation)
            && [.invalidDeployment, .deploymentConflict, .limitExceeded, .forbidden].contains(code)
    }

    /// Whether an older version may come up where this one did not: its image may be gone, or the cluster has not kept it.
    fileprivate var mayBeOfThatBuildAlone: Bool {
        code == .notFound || isVerdict && ![.unschedulable, .limitExceeded].contains(code)
    }
}
