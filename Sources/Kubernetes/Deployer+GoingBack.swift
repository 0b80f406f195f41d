internal import BuildModel

extension Deployer {
    /// How many good builds are tried at most after a rollout that failed: each may take as long as a rollout may.
    private static let tries = 3

    /// The failure of a deployment, after the last good build that comes up was brought back, with words about that.
    func goingBack(
        after failure: BuildFailure,
        _ intent: DeploymentIntent,
        _ confirm: @escaping @Sendable () async throws -> Void,
        _ log: any BuildLog
    ) async -> BuildFailure {
        guard client.settings.rollsBack else { return failure }
        log.say("Failed: \(failure.message)", .deploying)
        var failure = failure
        guard !client.settings.template.isPerBuild else {
            failure.message += " Builds before it have Deployments of their own, which are as they were."
            return failure
        }
        let writer = FencedWriter(client: client, stamp: intent.stamp, confirm: confirm)
        do {
            let live = try await live(writer)
            let builds = GoodBuilds(of: live).before(FormerVersion.build(of: live)).prefix(Self.tries)
            failure.message += await words(goingBackTo: Array(builds), over: live, writer, log)
        } catch {
            failure.message += " Going back was not possible: \(BuildFailure(error, operation: "kubernetes.rollback"))"
        }
        return failure
    }

    /// Tries good builds in turn, and says what came of it.
    private func words(
        goingBackTo builds: [String],
        over live: JSONValue,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async -> String {
        guard !builds.isEmpty else { return " There is no good build to go back to." }
        var words = ""
        for (index, build) in builds.enumerated() {
            do {
                _ = try await restore(build, over: live, writer, log)
                let which = index == 0 ? "The last good build" : "The good build before,"
                return "\(words) \(which) '\(build)' was brought back and runs."
            } catch {
                let reason = BuildFailure(error, operation: "kubernetes.rollback")
                words += " Going back to the good build '\(build)' failed: \(reason)"
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
        ["kubernetes.apply", "kubernetes.create"].contains(operation)
            && [.invalidDeployment, .deploymentConflict, .limitExceeded, .forbidden].contains(code)
    }

    /// Whether an older version may come up where this one did not: its image may be gone, or the cluster has not kept it.
    fileprivate var mayBeOfThatBuildAlone: Bool {
        code == .notFound || isVerdict && ![.unschedulable, .limitExceeded].contains(code)
    }
}
