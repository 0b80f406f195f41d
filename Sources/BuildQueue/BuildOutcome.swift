package import BuildModel

/// How an attempt ended for good, and what it leaves behind.
package struct BuildOutcome: Sendable, Hashable {
    /// A terminal state.
    package var state: BuildState
    package var result: BuildResult
    /// Why, unless it succeeded.
    package var failure: BuildFailure?

    private init(_ state: BuildState, _ result: BuildResult, _ failure: BuildFailure?) {
        self.state = state
        self.result = result
        self.failure = failure
    }

    /// A build that did all it should.
    package static func succeeded(_ result: BuildResult) -> BuildOutcome {
        BuildOutcome(.success, result, nil)
    }

    /// A build that did not: CANCELLED if that is the failure's fault, else FAILED.
    ///
    /// - Parameter result: what there was of it, such as the commit and the phases that ran.
    package static func failed(_ failure: BuildFailure, _ result: BuildResult = BuildResult()) -> BuildOutcome {
        BuildOutcome(failure.fault == .cancelled ? .cancelled : .failed, result, failure)
    }
}

extension BuildOutcome {
    /// The result fields of the build's hash.
    var fields: [(name: String, value: String)] {
        var fields: [(String, String?)] = [
            ("image", result.image?.reference.description),
            ("digest", result.image?.manifest.digest.description),
            ("sizeBytes", result.image.map { String($0.uploadedBytes + $0.reusedBytes) }),
            ("commit", result.revision?.commit.description),
            ("language", result.language),
            ("planDigest", result.planDigest?.description),
            ("deployment", result.deployment),
            ("rollbackDeploymentId", result.rollbackDeploymentID),
            ("phases", phases),
        ]
        if let failure {
            fields += [
                ("failureFault", failure.fault.rawValue),
                ("failureCode", failure.code.rawValue),
                ("failureOperation", failure.operation),
                ("failureMessage", Self.shortened(failure.description)),
                ("failureRetryable", failure.isRetryable ? "1" : "0"),
            ]
        }
        return fields.compactMap { name, value in value.map { (name, $0) } }
    }

    private var phases: String {
        let members = result.phaseMilliseconds.map { ($0.key.rawValue, JSONValue.integer($0.value)) }
        return JSONValue.object(Dictionary(uniqueKeysWithValues: members)).canonicalText
    }

    /// At most 8 KiB: a message may quote what a tenant wrote.
    private static func shortened(_ text: String) -> String {
        text.utf8.count <= 8192 ? text : String(decoding: text.utf8.prefix(8192), as: UTF8.self) + "…"
    }
}
