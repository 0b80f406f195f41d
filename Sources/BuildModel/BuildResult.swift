/// What a finished attempt leaves behind.
package struct BuildResult: Sendable, Hashable {
    package var image: PublishedImage?
    package var revision: Revision?
    package var language: String?
    package var planDigest: Digest?
    /// Milliseconds by phase, for the phases that ran.
    package var phaseMilliseconds: [BuildPhase: Int64]
    /// The Deployment that was applied, as `namespace/name`.
    package var deployment: String?
    /// The former build that a rollback brought back.
    package var rollbackDeploymentID: String?

    package init() {
        phaseMilliseconds = [:]
    }
}
