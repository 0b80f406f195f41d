package import BuildModel

extension BuildFailure.Code {
    /// A command of the build ended with another status than 0.
    package static let stepFailed = Self(rawValue: "step_failed")
    /// A command of the build cannot be started in its image.
    package static let commandNotFound = Self(rawValue: "command_not_found")
    /// A step needed more memory than it may have.
    package static let outOfMemory = Self(rawValue: "out_of_memory")
    /// A step needed more processes than it may have.
    package static let tooManyProcesses = Self(rawValue: "too_many_processes")
    /// A step wrote more than it may.
    package static let diskFull = Self(rawValue: "disk_full")
    /// The sandbox cannot be set up on this node.
    package static let sandboxUnavailable = Self(rawValue: "sandbox_unavailable")
}

extension BuildFailure {
    /// The failure of a node that cannot run steps.
    static func sandbox(_ message: String, cause: String? = nil, isRetryable: Bool = false) -> BuildFailure {
        BuildFailure(
            .platform,
            .sandboxUnavailable,
            operation: "sandbox.run",
            message: message,
            cause: cause,
            isRetryable: isRetryable
        )
    }
}
