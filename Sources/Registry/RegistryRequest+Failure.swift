internal import BuildModel
internal import HTTPTransport

extension BuildFailure.Code {
    /// A registry answers, but cannot serve now.
    static let registryUnavailable = Self(rawValue: "registry_unavailable")
    /// A registry does not let us do what was asked.
    static let registryDenied = Self(rawValue: "registry_denied")
    /// A registry does not accept what was sent.
    static let registryRefused = Self(rawValue: "registry_refused")
    /// Somebody else changed what was to be replaced.
    static let overtaken = Self(rawValue: "overtaken")
}

extension RegistryRequest {
    /// An answer that was not hoped for, as a failure that names method, host, repository, status, the registry's own words and what
    /// to do. Distribution spec, "Error Codes".
    ///
    /// - Parameter identity: whom the registry knows us as, if anybody.
    func failure(
        _ response: HTTPResponse,
        _ body: [UInt8],
        identity: Identity? = nil
    ) -> BuildFailure {
        let errors = RegistryError.read(body)
        let words = errors.map(\.description).joined(separator: "; ")
        let status = "\(response.status)" + (words.isEmpty ? "" : " \(words)")
        let (code, advice) = judgement(of: response, errors, identity)
        // What answered may be another place than the one that was asked first.
        let url = (try? HTTPURL(parsing: response.url)) ?? self.url
        return BuildFailure(
            .platform,
            code,
            operation: operation,
            message: "Cannot \(purpose) in \(repository.description): \(method.rawValue) \(url.redacted) was answered "
                + "with \(status). \(advice)",
            cause: errors.isEmpty ? RegistryError.plainText(body) : nil,
            isRetryable: Retry.isTemporary(response.status, errors)
        )
    }

    private func judgement(
        of response: HTTPResponse,
        _ errors: [RegistryError],
        _ identity: Identity?
    ) -> (BuildFailure.Code, String) {
        let status = response.status
        if status != 412, let advice = refusal(errors) { return (.registryRefused, advice) }
        switch status {
        case 401:
            guard let identity else {
                return (.unauthorized, "Configure a user name and password for \(repository.registry).")
            }
            if isRightMissing(response, errors, identity) { return notGranted }
            return (
                .unauthorized, "Check the password configured for \(identity.description) of \(repository.registry)."
            )
        case 403:
            guard identity == nil else { return (.registryDenied, "\(grant), \(orAbsent)") }
            return (
                .registryDenied,
                "Configure a user for \(repository.registry) who may \(rights) this repository, or let everybody do that, "
                    + orAbsent
            )
        case 404: return (.notFound, notFoundAdvice(Set(errors.map(\.code))))
        case 412: return (.overtaken, "Somebody else changed it meanwhile: try again.")
        case 413:
            return (
                .limitExceeded,
                "The registry, or a proxy before it, limits the size of requests: raise that limit, or set "
                    + "registries.chunkBytes for this host."
            )
        case 429: return (.registryUnavailable, "The registry limits how often it is asked: try again later.")
        case 408, 499, 500...: return (.registryUnavailable, "Try again later, or look at the registry's log.")
        case 300..<400: return (.protocolViolation, "Its redirect cannot be followed.")
        default: return (.registryRefused, "Look at the registry's log for the reason.")
        }
    }

    /// Whether a 401 is about what the user may do, and not about who that is.
    ///
    /// Token servers leave out of a token what the user may not do, and say nothing: a registry that still wants another token has been
    /// shown one, so that the password was right.
    private func isRightMissing(_ response: HTTPResponse, _ errors: [RegistryError], _ identity: Identity) -> Bool {
        let challenge = Challenge.preferred(response.headers.all("WWW-Authenticate"))
        let reason = challenge?.parameters["error"]
        if reason == "insufficient_scope" || errors.contains(where: { $0.code == "DENIED" }) { return true }
        return challenge?.scheme == "bearer" && identity.kind != .registryToken && reason != "invalid_token"
    }

    private var grant: String { "Let the configured user \(rights) this repository" }

    private var notGranted: (BuildFailure.Code, String) {
        // Who may not read does not know whether there is anything.
        if operation == "registry.fetch" { return (.unauthorized, "\(grant), or check its name.") }
        return (.registryDenied, "\(grant), \(orAbsent)")
    }

    /// Some registries do not tell what is not there from what they do not show.
    private var orAbsent: String {
        operation == "registry.fetch"
            ? "or check the name: some registries say the same of what is not there."
            : "or create it if it does not exist."
    }

    /// What to do about refusals that registries give various statuses.
    private func refusal(_ errors: [RegistryError]) -> String? {
        if errors.contains(where: \.saysImmutable) {
            return "The tag cannot be moved in this repository: use a new tag, or allow that tags move."
        }
        if errors.contains(where: \.saysOverwriteIsBanned) {
            return
                "The configured user may add tags but not move them: use a new tag, or let the user overwrite or delete."
        }
        if errors.contains(where: \.saysTooManyParts) {
            return "The registry takes fewer parts of one blob: let registries.chunkBytes be larger for this host."
        }
        if method == .put, errors.contains(where: { $0.code == "MANIFEST_INVALID" }) {
            return "The registry does not take this kind of manifest: look at which kinds it supports."
        }
        return nil
    }

    private func notFoundAdvice(_ codes: Set<String>) -> String {
        guard operation == "registry.fetch" else { return missingOnPush(codes) }
        if codes.contains("MANIFEST_UNKNOWN") { return "The repository has no such tag or digest: check the name." }
        if codes.contains("NAME_UNKNOWN") {
            return "The repository does not exist, or is hidden from the configured user: check the name."
        }
        if codes.contains("BLOB_UNKNOWN") || codes.contains("MANIFEST_BLOB_UNKNOWN") {
            return "The registry does not have it any more: push the image again."
        }
        return "Check the name, or create the repository."
    }

    private func missingOnPush(_ codes: Set<String>) -> String {
        if codes.contains("NAME_UNKNOWN") { return Self.missingRepository }
        if !codes.isDisjoint(with: ["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID"]) {
            return "The registry forgot the upload: look whether its replicas share their storage and http.secret, and "
                + "whether something cleans uploads up."
        }
        if !codes.isDisjoint(with: ["MANIFEST_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN"]) {
            return
                "The registry does not have what this refers to: push that again, and look at the registry's clean-up."
        }
        let registry = "that \(repository.registry) is a registry's host, and look at what stands before it"
        // Where uploads begin, registries say so without any code too.
        if method == .post { return Self.missingRepository + (codes.isEmpty ? " Else check \(registry)." : "") }
        return codes.isEmpty ? "Check \(registry)." : "Look at the registry's log for the reason."
    }

    /// What to do where there is nothing to push to.
    static let missingRepository =
        "The repository does not exist: create it, or allow the registry to create it on push."

    private var rights: String { operation == "registry.fetch" ? "pull from" : "push to" }
}
