package import BuildModel
package import Logging

/// Lets a worker start only where it can keep its promises, or where its operator has accepted by name that it cannot.
package struct StartGate: Sendable {
    private let accepted: Set<String>
    private let logger: Logger

    /// - Parameter accepted: names of checks, as in `worker.acceptedRisks`.
    package init(accepted: [String], logger: Logger) {
        self.accepted = Set(accepted)
        self.logger = logger
    }

    /// Logs warnings and accepted problems.
    ///
    /// - Throws: `BuildFailure` with code `invalid_configuration` that names every other problem and what to do.
    package func admit(_ findings: [HealthFinding]) throws(BuildFailure) {
        for finding in findings where finding.status != .ok {
            if finding.status == .problem, !accepted.contains(finding.name) { continue }
            logger.warning("\(finding.name): \(finding.message) \(finding.remedy)")
        }
        let refused = findings.filter { $0.status == .problem && !accepted.contains($0.name) }
        guard !refused.isEmpty else { return }
        let lines = refused.map { "\n  \($0.name): \($0.message) \($0.remedy)" }.joined()
        throw BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "worker.start",
            message:
                "A worker would promise here what cannot be kept. Mend it, or name it in worker.acceptedRisks:\(lines)"
        )
    }
}
