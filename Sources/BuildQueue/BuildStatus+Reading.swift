internal import BuildModel
internal import Documents
internal import RedisTransport

extension BuildStatus {
    /// The fields of the hash that a status is made of; the request itself is not among them.
    static let fields = [
        "id", "state", "phase", "attempt", "epoch", "owner", "createdAt", "startedAt", "finishedAt", "priority",
        "logLines", "logDropped", "projectId", "repositoryUrl", "branch", "image", "digest", "sizeBytes", "commit",
        "language", "planDigest", "deployment", "rollbackDeploymentId", "phases", "failureFault", "failureCode",
        "failureMessage", "failureRetryable", "notBefore", "supersededBy", "cancelCode",
    ]

    /// Reads the reply to an `HMGET` of `fields`; nil if there is no such build.
    ///
    /// - Throws: `BuildFailure` with code `corrupted` if the hash is not one of ours.
    init?(reply: RedisValue) throws(BuildFailure) {
        let values = HashValues(names: Self.fields, reply: reply)
        guard let id = values.text("id") else { return nil }
        guard let state = values.text("state").flatMap(BuildState.init(rawValue:)),
            let createdAt = values.integer("createdAt")
        else { throw Self.corrupted(id) }
        self.init(
            deploymentID: id,
            state: state,
            phase: values.text("phase"),
            attempt: Int(values.integer("attempt") ?? 0),
            epoch: values.integer("epoch") ?? 0,
            worker: values.text("owner"),
            createdAt: createdAt,
            startedAt: values.integer("startedAt"),
            finishedAt: values.integer("finishedAt"),
            priority: values.integer("priority") ?? 0,
            notBefore: values.integer("notBefore"),
            supersededBy: values.text("supersededBy"),
            isStopping: values.text("cancelCode") != nil,
            logLines: values.integer("logLines") ?? 0,
            logDropped: values.integer("logDropped") ?? 0,
            request: values.request,
            result: try values.result(),
            failure: values.failure
        )
    }

    private static func corrupted(_ id: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .corrupted,
            operation: "queue.status",
            message: "The hash of build '\(id)' has no readable state; something else wrote to it."
        )
    }
}

/// Values of a hash by name; empty ones count as absent.
private struct HashValues {
    private var values: [String: String] = [:]

    init(names: [String], reply: RedisValue) {
        for (name, value) in zip(names, reply.array ?? []) {
            if let text = value.text, !text.isEmpty { values[name] = text }
        }
    }

    func text(_ name: String) -> String? { values[name] }

    func integer(_ name: String) -> Int64? { values[name].flatMap { Int64($0) } }

    var request: BuildStatus.RequestSummary {
        .init(projectID: text("projectId"), repositoryURL: text("repositoryUrl"), branch: text("branch"))
    }

    func result() throws(BuildFailure) -> BuildStatus.ResultSummary {
        let phases = try text("phases").map { text throws(BuildFailure) in try JSONDocument.parse(text) }
        return .init(
            image: text("image"),
            digest: text("digest"),
            sizeBytes: integer("sizeBytes"),
            commit: text("commit"),
            language: text("language"),
            planDigest: text("planDigest"),
            deployment: text("deployment"),
            rollbackDeploymentID: text("rollbackDeploymentId"),
            phases: (phases?.object ?? [:]).compactMapValues(\.integer)
        )
    }

    var failure: BuildStatus.FailureSummary? {
        guard let fault = text("failureFault"), let code = text("failureCode") else { return nil }
        let isRetryable = text("failureRetryable") == "1"
        return .init(fault: fault, code: code, message: text("failureMessage") ?? "", isRetryable: isRetryable)
    }
}
