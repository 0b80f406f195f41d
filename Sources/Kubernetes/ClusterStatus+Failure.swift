internal import BuildModel

extension ClusterStatus {
    /// What an answer means: whose fault it is, whether to ask again, and what to do.
    struct Verdict {
        var fault = BuildFailure.Fault.platform
        var code: BuildFailure.Code
        var words: String
        var isRetryable = false
        /// The words hold everything that the server said.
        var repeatsCauses = false
    }

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

    private func verdict(_ request: ClusterRequest, _ credentials: ClusterCredentials) -> Verdict {
        // A webhook chooses the code of its refusal itself.
        if let webhook = denyingWebhook { return denied(by: webhook) }
        switch code {
        case 401: return unauthorized(credentials)
        case 403: return forbidden(request, credentials)
        case 404: return missing(request, credentials)
        case 405, 406, 415: return unsupported(credentials)
        case 409: return conflict(request)
        case 410: return Verdict(code: .watchExpired, words: "the cluster no longer knows the version to go on from.")
        case 400, 422: return invalid(request)
        case 413: return tooLarge
        case 408, 429: return busy
        case 500...599: return serverError(credentials)
        default: return unexpected(credentials)
        }
    }

    private func unauthorized(_ credentials: ClusterCredentials) -> Verdict {
        Verdict(
            code: .unauthorized,
            words: "the cluster does not accept the credentials of \(credentials.origin); renew them."
        )
    }

    private func unsupported(_ credentials: ClusterCredentials) -> Verdict {
        Verdict(
            code: .protocolViolation,
            words:
                "\(credentials.server) does not do that (\(code)): it is older than Kubernetes 1.20, which has server-side apply, "
                + "or a proxy before it lets only some requests through."
        )
    }

    private var busy: Verdict {
        Verdict(
            code: .unreachable,
            words:
                "the cluster asks for fewer requests (\(code)); it is asked again later. If that lasts, give this account a "
                + "PriorityLevelConfiguration with more shares, or run fewer workers.",
            isRetryable: true
        )
    }

    private func unexpected(_ credentials: ClusterCredentials) -> Verdict {
        Verdict(
            code: .protocolViolation,
            words: "\(credentials.server) answered with the unexpected status \(code); check the server's URL in "
                + "\(credentials.origin)."
        )
    }

    /// A server error passes, except for a `Status` without a reason: that is how the server says that it cannot type the patch
    /// (an unknown field, a wrong type), which it will say again. Errors of its storage look the same but for their words.
    private func serverError(_ credentials: ClusterCredentials) -> Verdict {
        if isTooLargeForStorage { return tooLarge }
        if let webhook = quoted(after: "failed calling webhook ") ?? quoted(after: "failed to call webhook ") {
            return Verdict(
                code: .unreachable,
                words:
                    "the admission webhook '\(webhook)' of the cluster does not answer; it is asked again. If that lasts, look at "
                    + "its Service and pods: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations names them.",
                isRetryable: true
            )
        }
        guard code == 500, isStatus, reason.isEmpty, !message.contains("etcdserver") else {
            return Verdict(
                code: .unreachable,
                words:
                    "the API server \(credentials.server), or a proxy before it, is in trouble (\(code)); it is asked again later.",
                isRetryable: true
            )
        }
        return Verdict(
            code: .invalidDeployment,
            words:
                "the API server cannot make sense of the manifest, because of a field that it does not know, a value of the wrong "
                + "type or an entry that is there twice. Correct the template (kubernetes.template) where it says; a field may be "
                + "newer than the cluster."
        )
    }
}
