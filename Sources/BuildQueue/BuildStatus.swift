package import BuildModel

/// What is known of a build: its hash in Redis, read.
package struct BuildStatus: Sendable, Hashable {
    package var deploymentID: String
    package var state: BuildState
    /// The phase that runs, or ran last; nil before the first.
    package var phase: String?
    /// How many attempts began, given back ones aside.
    package var attempt: Int
    package var epoch: Int64
    /// The worker that has or had the last lease.
    package var worker: String?
    /// Milliseconds since 1970 by Redis' clock, as all times here: when it was queued.
    package var createdAt: Int64
    /// When the last attempt began.
    package var startedAt: Int64?
    package var finishedAt: Int64?
    package var priority: Int64
    /// Until when it waits for its next attempt, or to begin at all.
    package var notBefore: Int64?
    /// The build that took its place.
    package var supersededBy: String?
    /// Whether somebody cancelled it and its worker has not stopped it yet.
    package var isStopping: Bool
    /// Sequence number of the last log entry, and how many entries limits have dropped.
    package var logLines: Int64
    package var logDropped: Int64
    package var request: RequestSummary
    package var result: ResultSummary
    package var failure: FailureSummary?

    /// What the build was asked for.
    package struct RequestSummary: Sendable, Hashable {
        package var projectID: String?
        /// Without user and password.
        package var repositoryURL: String?
        package var branch: String?
    }

    /// What a build that ended has made.
    package struct ResultSummary: Sendable, Hashable {
        /// The image as `host/repository:tag@digest`.
        package var image: String?
        package var digest: String?
        /// Compressed bytes of the image's blobs.
        package var sizeBytes: Int64?
        package var commit: String?
        package var language: String?
        package var planDigest: String?
        /// The Deployment that was applied, as `namespace/name`.
        package var deployment: String?
        /// The former build that a rollback brought back.
        package var rollbackDeploymentID: String?
        /// Milliseconds by phase.
        package var phases: [String: Int64]
    }

    /// Why a build did not succeed.
    package struct FailureSummary: Sendable, Hashable {
        /// A raw value of `BuildFailure.Fault`.
        package var fault: String
        package var code: String
        package var message: String
        package var isRetryable: Bool
    }
}
