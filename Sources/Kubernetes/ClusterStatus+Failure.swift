internal import BuildModel

extension ClusterStatus {
    /// The refusal as a failure that says what was asked, what the cluster answered and what to do.
    func failure(of request: ClusterRequest, credentials: ClusterCredentials) -> BuildFailure {
        let verdict = verdict(request, credentials)
        return BuildFailure(
            verdict.fault,
            verdict.code,
            operation: request.operation,
            message: "\(request.verb.gerund) the \(request.subject) failed: \(verdict.words)",
            cause: message.isEmpty || verdict.repeatsCauses ? nil : message,
            isRetryable: verdict.isRetryable
        )
    }

    private struct Verdict {
        var fault = BuildFailure.Fault.platform
        var code: BuildFailure.Code
        var words: String
        var isRetryable = false
        /// The words hold everything that the server said.
        var repeatsCauses = false
    }

    private func verdict(_ request: ClusterRequest, _ credentials: ClusterCredentials) -> Verdict {
        switch code {
        case 401:
            Verdict(
                code: .unauthorized,
                words: "the cluster does not accept the credentials of \(credentials.origin); renew them."
            )
        case 403: forbidden(request, credentials)
        case 404: missing(request, credentials)
        case 409: conflict
        case 410: Verdict(code: .watchExpired, words: "the cluster no longer knows the version to go on from.")
        case 400, 422: invalid
        case 413: tooLarge
        case 429:
            Verdict(code: .unreachable, words: "the cluster asks for fewer requests (429).", isRetryable: true)
        case 500...599: serverError(credentials)
        default:
            Verdict(
                code: .protocolViolation,
                words: "\(credentials.server) answered with the unexpected status \(code); check the server's URL."
            )
        }
    }

    private func forbidden(_ request: ClusterRequest, _ credentials: ClusterCredentials) -> Verdict {
        if causes.contains(where: { $0.reason == "NamespaceTerminating" }) {
            return Verdict(code: .notFound, words: "the namespace '\(request.namespace)' is being deleted.")
        }
        if message.contains("exceeded quota") {
            return Verdict(
                code: .limitExceeded,
                words: "a quota of the namespace does not allow it; raise the ResourceQuota or deploy less."
            )
        }
        if message.contains("system:anonymous") {
            return Verdict(
                code: .unauthorized,
                words: "the cluster does not know who asks; \(credentials.origin) needs a token or a certificate."
            )
        }
        guard message.contains(" cannot ") || message.isEmpty else {
            return Verdict(
                code: .forbidden,
                words:
                    "a rule of the cluster (admission) does not allow it; change the template, or what was asked for."
            )
        }
        return Verdict(
            code: .forbidden,
            words: "a right is missing; the rights that a deployer needs are in config/kubernetes/deployer.yaml."
        )
    }

    private func missing(_ request: ClusterRequest, _ credentials: ClusterCredentials) -> Verdict {
        guard isStatus, !kind.isEmpty else {
            return Verdict(
                code: .protocolViolation,
                words: "\(credentials.server) does not know the path; check that it is a Kubernetes API server."
            )
        }
        guard kind == "namespaces" else { return Verdict(code: .notFound, words: "it does not exist.") }
        return Verdict(
            code: .notFound,
            words: "there is no namespace '\(request.namespace)'; create it (kubectl create namespace "
                + "\(request.namespace)) or set kubernetes.namespace to one that exists."
        )
    }

    private var conflict: Verdict {
        guard !conflicts.isEmpty else {
            return Verdict(
                code: .objectChanged,
                words: "it was changed at the same moment by somebody else.",
                isRetryable: true
            )
        }
        let fields = conflicts.map { "\($0.field) (\($0.message))" }.joined(separator: ", ")
        return Verdict(
            code: .deploymentConflict,
            words:
                "another manager has set fields that belong to Slipway: \(fields). Let that manager give them up, put the "
                + "object back to what was deployed last, or take them with slipway deploy --force.",
            repeatsCauses: true
        )
    }

    private var invalid: Verdict {
        let fields = causes.map { "\($0.field): \($0.message)" }.joined(separator: "; ")
        let words = "the cluster does not accept it" + (fields.isEmpty ? "." : ": \(fields).")
        guard message.contains("field is immutable") else {
            // A container's values and host names come with the request; the manifest's shape is ours, or the template's.
            let isRequested = causes.contains { cause in
                ["containers[", "spec.rules", "spec.tls"].contains(where: cause.field.contains)
            }
            let fault: BuildFailure.Fault = code == 422 && isRequested ? .code : .platform
            return Verdict(fault: fault, code: .invalidDeployment, words: words, repeatsCauses: !causes.isEmpty)
        }
        return Verdict(
            code: .invalidDeployment,
            words: words + " A field that cannot be changed differs: delete the object and deploy again.",
            repeatsCauses: !causes.isEmpty
        )
    }

    /// What etcd, and the API server's connection to it, say of an object of more than about 1.5 MiB.
    private static let tooLargeForStorage = [
        "etcdserver: request is too large", "trying to send message larger than max",
    ]

    private var tooLarge: Verdict {
        Verdict(
            fault: .code,
            code: .limitExceeded,
            words: "it is larger than the cluster takes; environmentVariables are what can make it so."
        )
    }

    /// A server error passes, except for a `Status` without a reason: that is how the server says that it cannot type the patch
    /// (an unknown field, a wrong type), which it will say again. Errors of its storage look the same but for their words.
    private func serverError(_ credentials: ClusterCredentials) -> Verdict {
        if Self.tooLargeForStorage.contains(where: message.contains) { return tooLarge }
        let isPermanent = code == 500 && isStatus && reason.isEmpty && !message.contains("etcdserver")
        guard isPermanent else {
            return Verdict(
                code: .unreachable,
                words: "the API server \(credentials.server) is in trouble (\(code)).",
                isRetryable: true
            )
        }
        return Verdict(code: .invalidDeployment, words: "the API server cannot make sense of the manifest.")
    }
}
