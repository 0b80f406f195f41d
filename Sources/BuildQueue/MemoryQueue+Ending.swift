package import BuildModel
internal import Platform

extension MemoryQueue {
    package func giveBack(_ lease: Lease, within limit: Duration = .seconds(10)) throws(BuildFailure) {
        if let build = builds[lease.id], build.state == .pending, build.epoch == lease.epoch { return }
        var build = try fenced(lease)
        build.attempt -= 1
        build.waitAgain()
        builds[lease.id] = build
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
        builds[lease.id] = build
        return receipt
    }

    @discardableResult
    package func tend() -> CareReceipt {
        var receipt = CareReceipt(recovered: 0, promoted: 0)
        let (time, instant) = (SystemInformation.currentMilliseconds, SystemInformation.bootNanoseconds)
        for (id, build) in builds {
            var build = build
            if build.isRunning, build.leaseUntil < instant {
                build.lose()
                receipt.recovered += 1
            } else if build.state == .pending, let due = build.notBefore, due <= time {
                build.notBefore = nil
                receipt.promoted += 1
            }
            builds[id] = build
        }
        return receipt
    }
}
