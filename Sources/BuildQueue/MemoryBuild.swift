package import BuildModel
internal import Platform

/// A build in a `MemoryQueue`: what its hash is in Redis.
package struct MemoryBuild: Sendable, Hashable {
    package let request: BuildRequest
    let text: String
    let order: Int64
    let createdAt: Int64
    package internal(set) var state = BuildState.pending
    /// How many attempts began, given back ones aside.
    package internal(set) var attempt = 0
    /// Why it failed, for good or for now.
    package internal(set) var failure: BuildFailure?
    /// Until when it waits, in milliseconds since 1970.
    package internal(set) var notBefore: Int64?
    var epoch: Int64 = 0
    var leaseUntil: Int64 = 0
    var cancellation: BuildFailure?
    /// When it ended, by the node's clock since it booted.
    private(set) var endedAt: Int64 = 0
    private var hasBegun = false
    private var failures = 0
    private var losses = 0

    init(request: BuildRequest, text: String, order: Int64, createdAt: Int64) {
        (self.request, self.text, self.order, self.createdAt) = (request, text, order, createdAt)
    }

    var id: String { request.deploymentID }
    var isRunning: Bool { state == .building || state == .deploying }
    /// Whether it waits for nothing but its turn.
    var isReady: Bool { state == .pending && notBefore == nil }
    /// Builds without one are a tenant together.
    var tenant: String { request.organizationID ?? "-" }
    /// What one build at a time may change, within its tenant; nil for a build that changes no cluster.
    var project: String? {
        request.deploy == .cluster || request.rollback != nil ? "\(tenant) \(request.projectID)" : nil
    }
    /// Whether newer builds of its project have to wait for it: it runs, or comes back after it has begun.
    var holdsProject: Bool { isRunning || (state == .pending && hasBegun) }
    /// The lowest is next: the order of arrival, a minute earlier for every step of priority.
    var rank: Int64 { order - Int64(request.priority) * 60_000_000 }

    var lease: Lease {
        Lease(
            id: id,
            epoch: epoch,
            attempt: attempt,
            requestText: text,
            createdAt: createdAt,
            expiresAt: leaseUntil,
            cancellation: nil
        )
    }

    mutating func begin(_ epoch: Int64, until end: Int64) {
        (state, self.epoch, leaseUntil, failure, notBefore) = (.building, epoch, end, nil, nil)
        attempt += 1
        hasBegun = true
    }

    mutating func waitAgain() {
        guard cancellation == nil else { return close(.cancelled, cancellation) }
        state = .pending
    }

    mutating func stop(_ reason: BuildFailure) {
        if isRunning {
            cancellation = cancellation ?? reason
        } else if state == .pending {
            close(.cancelled, reason)
        }
    }

    /// Its worker is gone.
    mutating func lose() {
        losses += 1
        guard losses >= 3, cancellation == nil else { return waitAgain() }
        let message = "It lost its worker \(losses) times, and is not run again by itself."
        close(.failed, BuildFailure(.platform, .quarantined, operation: "queue.quarantined", message: message))
    }

    /// What a call said that came before with the same end; nil if there was none.
    func receipt(repeating outcome: BuildOutcome) -> FinishReceipt? {
        if state == outcome.state || (state == .cancelled && outcome.state == .failed) { return .ended }
        guard state == .pending, outcome.state == .failed else { return nil }
        return .retrying(at: notBefore ?? SystemInformation.currentMilliseconds)
    }

    mutating func startOver() {
        (state, attempt, failures, losses, failure) = (.pending, 0, 0, 0, nil)
        hasBegun = false
    }

    mutating func end(_ outcome: BuildOutcome) -> FinishReceipt {
        if let cancellation, outcome.state != .success {
            close(.cancelled, cancellation)
            return .ended
        }
        if outcome.state == .failed, outcome.failure?.isRetryable == true, failures + 1 < request.retry.attempts {
            failures += 1
            return tryAgain(outcome.failure)
        }
        close(outcome.state, outcome.failure)
        return .ended
    }

    private mutating func tryAgain(_ reason: BuildFailure?) -> FinishReceipt {
        let whole = Double(request.retry.delayMilliseconds) * Double(1 << min(failures - 1, 30))
        let wait = min(86_400_000, request.retry.jitters ? whole * Double.random(in: 0..<1) : whole)
        let due = SystemInformation.currentMilliseconds + Int64(wait)
        (state, failure, notBefore) = (.pending, reason, due)
        return .retrying(at: due)
    }

    private mutating func close(_ end: BuildState, _ reason: BuildFailure?) {
        (state, failure, notBefore, cancellation) = (end, reason, nil, nil)
        endedAt = SystemInformation.bootNanoseconds
    }
}
