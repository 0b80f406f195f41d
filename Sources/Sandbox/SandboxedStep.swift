package import BuildModel
package import Platform

/// A step with everything that it runs on.
package struct SandboxedStep: Sendable {
    package var step: BuildStep
    /// Absolute paths of directories, the topmost first: what the step sees below its own changes. For a worker that is root they
    /// belong to root and hold the image's own ids; they are only read, and any number of steps may share them.
    package var lowers: [String]
    /// A directory of this step's own, empty; the caller removes it.
    package var scratch: String
    /// Directories of the node for the step's cache mounts, whose files have the ids that the step sees.
    package var caches: [StepCache]
    /// By name; as variables and as files of `/run/secrets`.
    package var secrets: [String: Redacted<String>]
    /// The image's variables and the step's, merged.
    package var environment: [String: String]
    /// Names the step on this node: letters, digits and hyphens, unique among those that run.
    package var identifier: String

    package init(
        step: BuildStep,
        lowers: [String],
        scratch: String,
        caches: [StepCache] = [],
        secrets: [String: Redacted<String>] = [:],
        environment: [String: String] = [:],
        identifier: String
    ) {
        self.step = step
        self.lowers = lowers
        self.scratch = scratch
        self.caches = caches
        self.secrets = secrets
        self.environment = environment
        self.identifier = identifier
    }
}

/// A cache mount and the directory of the node that it shows.
package struct StepCache: Sendable, Hashable {
    package var mount: CacheMount
    /// Absolute path of a directory.
    package var directory: String
    /// The step is ended when the directory has more bytes.
    package var maximumBytes: Int64

    package init(_ mount: CacheMount, directory: String, maximumBytes: Int64 = .max) {
        self.mount = mount
        self.directory = directory
        self.maximumBytes = maximumBytes
    }
}
