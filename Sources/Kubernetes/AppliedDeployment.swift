internal import BuildModel

/// A Deployment as the cluster has it after an apply.
package struct AppliedDeployment: Sendable {
    package var namespace: String
    package var name: String
    /// `metadata.generation`: grows with every change of the spec, and only then. A rollout of this apply is done when the Deployment's
    /// `status.observedGeneration` has reached it.
    package var generation: Int64
    /// `metadata.uid`: another one means that the Deployment was deleted and made anew. Empty if the server gave none.
    package var uid: String
    /// The build that was applied, and its lease's number.
    package var build: String
    package var epoch: Int64
    /// `spec.selector.matchLabels`: what its ReplicaSets and pods have.
    package var selector: [String: String] = [:]
    /// The digest of the pods' template that was applied, which tells deployments of one build apart; nil where none is noted.
    var pods: String?
    /// Whether the cluster had not seen the spec yet when it was applied, or it may have been applied just before, by this attempt or
    /// by the one before it.
    var isNewSpec = false
    /// When the reply to the apply was read.
    private let since = ContinuousClock.now

    package init(
        namespace: String,
        name: String,
        generation: Int64,
        uid: String = "",
        build: String = "",
        epoch: Int64 = 0
    ) {
        self.namespace = namespace
        self.name = name
        self.generation = generation
        self.uid = uid
        self.build = build
        self.epoch = epoch
    }

    /// Reads the reply to an apply.
    ///
    /// - Throws: `BuildFailure` with code `protocol_violation` if it is no object with a generation.
    init(_ object: JSONValue, _ stamp: BuildStamp) throws(BuildFailure) {
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
        self.init(
            namespace: namespace,
            name: name,
            generation: generation,
            uid: metadata["uid"]?.string ?? "",
            build: stamp.deploymentID,
            epoch: stamp.epoch
        )
        selector = (object["spec"]?["selector"]?["matchLabels"]?.object ?? [:]).compactMapValues(\.string)
        pods = metadata["annotations"]?[Manifests.Annotation.pods]?.string
        let observed = object["status"]?["observedGeneration"]?.integer ?? 0
        isNewSpec = observed < generation
    }

    /// Whether the cluster can have given up on what was applied. It counts from the last progress of any version: a controller that comes
    /// to a former ReplicaSet leaves the failure of the version before in the status, or finds at once that its time is over, and says so
    /// of the new generation, until something moves. So a new spec gets its own time, by our clock alone.
    ///
    /// - Parameter spec: the Deployment's, as the cluster has it.
    func mayHaveFailed(_ spec: JSONValue?, at now: ContinuousClock.Instant) -> Bool {
        guard isNewSpec else { return true }
        return since.duration(to: now) >= .seconds(spec?["progressDeadlineSeconds"]?.integer ?? 600)
    }

    /// `namespace/name`, as the result of a build names it.
    package var qualifiedName: String { "\(namespace)/\(name)" }
}
