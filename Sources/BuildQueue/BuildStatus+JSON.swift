package import BuildModel
internal import Platform

extension BuildStatus {
    /// The status as `slipway status -o json` prints it; what is not known is left out, times are RFC 3339 in UTC.
    package var json: JSONValue {
        let members: [String: JSONValue?] = [
            "deploymentId": .string(deploymentID),
            "state": .string(state.rawValue),
            "phase": phase.map(JSONValue.string),
            "attempt": .integer(Int64(attempt)),
            "epoch": .integer(epoch),
            "worker": worker.map(JSONValue.string),
            "priority": .integer(priority),
            "notBefore": notBefore.map(Self.time),
            "supersededBy": supersededBy.map(JSONValue.string),
            "stopping": isStopping ? true : nil,
            "createdAt": Self.time(createdAt),
            "startedAt": startedAt.map(Self.time),
            "finishedAt": finishedAt.map(Self.time),
            "logLines": .integer(logLines),
            "logDropped": .integer(logDropped),
            "projectId": request.projectID.map(JSONValue.string),
            "repositoryUrl": request.repositoryURL.map(JSONValue.string),
            "branch": request.branch.map(JSONValue.string),
            "failure": failure?.json,
        ]
        return .object(members.compactMapValues { $0 }.merging(result.members) { _, new in new })
    }

    private static func time(_ milliseconds: Int64) -> JSONValue {
        .string(Timestamp.text(milliseconds: milliseconds))
    }
}

extension BuildStatus.ResultSummary {
    fileprivate var members: [String: JSONValue] {
        let members: [String: JSONValue?] = [
            "image": image.map(JSONValue.string),
            "digest": digest.map(JSONValue.string),
            "sizeBytes": sizeBytes.map(JSONValue.integer),
            "commit": commit.map(JSONValue.string),
            "language": language.map(JSONValue.string),
            "planDigest": planDigest.map(JSONValue.string),
            "deployment": deployment.map(JSONValue.string),
            "rollbackDeploymentId": rollbackDeploymentID.map(JSONValue.string),
            "phases": .object(phases.mapValues(JSONValue.integer)),
        ]
        return members.compactMapValues { $0 }
    }
}

extension BuildStatus.FailureSummary {
    fileprivate var json: JSONValue {
        [
            "fault": .string(fault), "code": .string(code), "message": .string(message),
            "retryable": .bool(isRetryable),
        ]
    }
}
