/// Who writes an object: which build of which project, asked for when, under which lease.
package struct BuildStamp: Sendable, Hashable {
    package var projectID: String
    package var deploymentID: String
    /// When the build was asked for, in milliseconds since 1970: what makes one build newer than another.
    package var queuedAt: Int64
    /// The number of the lease; it only grows.
    package var epoch: Int64

    package init(projectID: String, deploymentID: String, queuedAt: Int64, epoch: Int64) {
        self.projectID = projectID
        self.deploymentID = deploymentID
        self.queuedAt = queuedAt
        self.epoch = epoch
    }
}
