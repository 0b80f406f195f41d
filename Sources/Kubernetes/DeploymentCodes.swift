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
}
