internal import BuildModel

extension ClusterStatus {
    /// The webhook that has refused the object. The server puts the same words before whatever the webhook says.
    var denyingWebhook: String? {
        message.contains("denied the request") ? quoted(after: "admission webhook ") : nil
    }

    /// The text in quotes that comes after some words of the message.
    func quoted(after words: String) -> String? {
        guard let start = message.firstRange(of: words + "\"")?.upperBound,
            let end = message[start...].firstIndex(of: "\"")
        else { return nil }
        return String(message[start..<end].prefix(253))
    }

    func denied(by webhook: String) -> Verdict {
        Verdict(
            code: .forbidden,
            words:
                "the admission webhook '\(webhook)' of the cluster does not allow it. What it says tells whether the request or the "
                + "template (kubernetes.template) has to change; else ask whoever runs it for an exception."
        )
    }

    func forbidden(_ request: ClusterRequest, _ credentials: ClusterCredentials) -> Verdict {
        let namespace = request.namespace
        if causes.contains(where: { $0.reason == "NamespaceTerminating" }) {
            return Verdict(
                code: .notFound,
                words:
                    "the namespace '\(namespace)' is being deleted. Wait until it is gone and create it again (kubectl create "
                    + "namespace \(namespace)), or set kubernetes.namespace to another."
            )
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

    func missing(_ request: ClusterRequest, _ credentials: ClusterCredentials) -> Verdict {
        guard isStatus, !kind.isEmpty else {
            return Verdict(
                code: .protocolViolation,
                words:
                    "\(credentials.server) does not know the path; check that it is a Kubernetes API server of 1.20 or later "
                    + "(\(credentials.origin))."
            )
        }
        guard kind == "namespaces" else {
            return Verdict(
                code: .notFound,
                words: "it is not there, or not any more: somebody may have deleted it. Deploying again makes it anew."
            )
        }
        return Verdict(
            code: .notFound,
            words: "there is no namespace '\(request.namespace)'; create it (kubectl create namespace "
                + "\(request.namespace)) or set kubernetes.namespace to one that exists."
        )
    }

    func conflict(_ request: ClusterRequest) -> Verdict {
        guard !conflicts.isEmpty else {
            return Verdict(
                code: .objectChanged,
                words:
                    "it was changed at the same moment by somebody else, again and again; see who writes it: kubectl -n "
                    + "\(request.namespace) get \(request.kind.rawValue.lowercased()) \(request.name) --show-managed-fields -o yaml",
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
}
