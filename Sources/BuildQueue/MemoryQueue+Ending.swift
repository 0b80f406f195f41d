package import BuildModel
internal import Platform

extension MemoryQueue {
    package func giveBack(_ lease: Lease, within limit: Duration = .seconds(10)) throws(BuildFailure) {
        if let build = builds[lease.id], build.state == .pending, build.epoch == lease.epoch { return }
        var build = try fenced(lease)
        build.attempt -= 1
        build.waitAgain()
        store(build)
    }

    @discardableResult
    package func finish(
        _ lease: Lease,
        _ outcome: BuildOutcome,
        within limit: Duration = .seconds(60)
    ) throws(BuildFailure) -> FinishReceipt {
        if let build = builds[lease.id], build.epoch == lease.epoch, let known = build.receipt(repeating: outcome) {
            return known
        }
        var build = try fenced(lease)
        let receipt = build.end(outcome)
        store(build)
        return receipt
    }

    @discardableResult
    package func tend() -> CareReceipt {
        let instant = SystemInformation.bootNanoseconds
        let lost = builds.values.filter { $0.isRunning && $0.leaseUntil < instant }
        for var build in lost {
            build.lose()
            store(build)
        }
        return CareReceipt(recovered: Int64(lost.count), promoted: promote())
    }

    /// Dead letters, newest first: builds that failed for good by no fault of their code.
    package func deadBuilds() -> [MemoryBuild] {
        builds.values.filter { $0.state == .failed && $0.failure?.fault != .code }.sorted { $0.endedAt > $1.endedAt }
    }

    /// Starts a build that failed or was cancelled over, with all its attempts.
    ///
    /// - Throws: `BuildFailure`: `not_found`, or `invalid_request` for a build in another state.
    package func retry(_ id: String) throws(BuildFailure) {
        guard var build = builds[id] else { throw BuildQueueClient.unknown(id) }
        guard build.state == .failed || build.state == .cancelled else {
            throw BuildQueueClient.notRetried(id, state: build.state.rawValue)
        }
        takeLine(of: build.request)
        build.startOver()
        store(build)
    }
}
