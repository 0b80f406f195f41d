internal import BuildModel

/// A Deployment as the cluster has it after an apply.
package struct AppliedDeployment: Sendable, Hashable {
    package var namespace: String
    package var name: String
    /// `metadata.generation`: grows with every change of the spec, and only then. A rollout of this apply is done when the Deployment's
    /// `status.observedGeneration` has reached it.
    package var generation: Int64

    package init(namespace: String, name: String, generation: Int64) {
        self.namespace = namespace
        self.name = name
        self.generation = generation
    }

    /// Reads the reply to an apply.
    ///
    /// - Throws: `BuildFailure` with code `protocol_violation` if it is no object with a generation.
    init(_ object: JSONValue) throws(BuildFailure) {
        guard let metadata = object["metadata"], let namespace = metadata["namespace"]?.string,
            let name = metadata["name"]?.string, let generation = metadata["generation"]?.integer
        else {
            throw BuildFailure(
                .platform,
                .protocolViolation,
                operation: "kubernetes.apply",
                message: "The cluster answered an apply with an object without namespace, name or generation."
            )
        }
        self.init(namespace: namespace, name: name, generation: generation)
    }

    /// `namespace/name`, as the result of a build names it.
    package var qualifiedName: String { "\(namespace)/\(name)" }
}
