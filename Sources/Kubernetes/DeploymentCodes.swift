package import BuildModel

extension BuildFailure.Code {
    /// Somebody else set a field that Slipway wants to set, or owns the object.
    package static let deploymentConflict = Self(rawValue: "deployment_conflict")
    /// The cluster knows us and says no.
    package static let forbidden = Self(rawValue: "forbidden")
    /// The cluster does not accept a value.
    package static let invalidDeployment = Self(rawValue: "invalid_deployment")
    /// A newer attempt of the same build has been here.
    package static let staleEpoch = Self(rawValue: "stale_epoch")
    /// A build that was asked for later has been here.
    package static let superseded = Self(rawValue: "superseded")
    /// The cluster took the new version, but it did not come up.
    package static let rolloutFailed = Self(rawValue: "rollout_failed")
    /// The new version's image cannot be pulled.
    package static let imagePullFailed = Self(rawValue: "image_pull_failed")
    /// The app ends, or is ended, again and again.
    package static let appCrashed = Self(rawValue: "app_crashed")
    /// No node of the cluster has room for the app.
    package static let unschedulable = Self(rawValue: "unschedulable")
    /// The release command failed.
    package static let releaseFailed = Self(rawValue: "release_failed")
    /// An object was changed between being read and being written.
    static let objectChanged = Self(rawValue: "object_changed")
    /// The place in a watch to go on from is too long ago.
    static let watchExpired = Self(rawValue: "watch_expired")
}
