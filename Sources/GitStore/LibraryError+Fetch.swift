internal import BuildModel
internal import CGit2

extension LibraryError {
    /// What a failed conversation with a server means to people.
    ///
    /// libgit2 tells most of it in words only. Its words have been the same from 1.5 to 1.9; what is not recognised keeps
    /// them as its cause.
    func failure(of operation: FetchOperation) -> BuildFailure {
        if operation.isCancelled { return .cancelled(operation: "git.fetch") }
        if let known = operation.failure { return known }
        let url = operation.url
        if let status = httpStatus { return Self.failure(httpStatus: status, url) }
        if message.contains("cannot redirect from") { return redirected(url) }
        if code == GIT_EAUTH.rawValue { return operation.refusal(tried: 1, kinds: []) }
        if code == GIT_ECERTIFICATE.rawValue { return operation.untrustedCertificate }
        if message.contains("private key") { return unusableKey(operation.settings.sshKeyFile ?? "") }
        if saysNotFound(url) { return .repositoryNotFound(url, cause: message) }
        if concerns(GIT_ERROR_SSL) || concerns(GIT_ERROR_SSH) || code == Int32(SLIPWAY_GIT_TIMEOUT)
            || code == GIT_EEOF.rawValue
        {
            return .unreachable(url, cause: message)
        }
        if concerns(GIT_ERROR_OS) || concerns(GIT_ERROR_NOMEMORY) || concerns(GIT_ERROR_FILESYSTEM) {
            return .passing(.system, "Cannot store the objects of \(url.display) on this node.", cause: message)
        }
        // A pack that builds on objects of the mirror cannot be completed when those are gone.
        if meansDamage || concerns(GIT_ERROR_INDEXER) || concerns(GIT_ERROR_REFERENCE)
            || category == Int32(SLIPWAY_GIT_ERROR_GRAFTS)
        {
            return damage("The mirror of \(url.display)")
        }
        return .passing(
            .protocolViolation,
            "\(url.address) does not answer as a git server should for \(url.display).",
            cause: message
        )
    }

    private func concerns(_ kind: git_error_t) -> Bool { category == Int32(bitPattern: kind.rawValue) }

    private var httpStatus: Int? {
        let words = "unexpected http status code: "
        guard let range = message.firstRange(of: words) else { return nil }
        return Int(message[range.upperBound...].prefix { $0.isNumber })
    }

    private static func failure(httpStatus status: Int, _ url: RepositoryURL) -> BuildFailure {
        let cause = "HTTP status \(status)"
        switch status {
        case 404, 410: return .repositoryNotFound(url, cause: cause)
        case 401, 403:
            return .source(.unauthorized, "\(url.host) does not let us read \(url.display).", cause: cause)
        case 429, 500...:
            return .passing(.unreachable, "\(url.address) cannot serve \(url.display) now.", cause: cause)
        default:
            return .passing(
                .protocolViolation,
                "\(url.address) does not answer as a git server should for \(url.display).",
                cause: cause
            )
        }
    }

    private func unusableKey(_ file: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "git.fetch",
            message:
                "Cannot use the ssh key '\(file)' (git.sshKeyFile): it is missing, is no private key, or has another"
                + " passphrase.",
            cause: message
        )
    }

    private func redirected(_ url: RepositoryURL) -> BuildFailure {
        .source(
            .redirected,
            "\(url.host) sends requests for \(url.display) elsewhere, which is not followed; use the new URL.",
            cause: message
        )
    }

    /// Servers tell it each in their own words; a web page where a repository should be is the same to the user.
    private func saysNotFound(_ url: RepositoryURL) -> Bool {
        if url.scheme == "file" {
            return concerns(GIT_ERROR_OS) || concerns(GIT_ERROR_REPOSITORY) || code == GIT_ENOTFOUND.rawValue
        }
        let words = message.lowercased()
        return [
            "not appear to be a git repository", "repository not found", "repository not exported",
            "could not be found",
            "no such repository", "project you were looking for", "invalid content-type", "no content-type header",
        ].contains { words.contains($0) }
    }
}
