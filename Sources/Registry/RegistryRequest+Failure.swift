internal import BuildModel
internal import Documents
internal import HTTPTransport

extension BuildFailure.Code {
    /// A registry answers, but cannot serve now.
    static let registryUnavailable = Self(rawValue: "registry_unavailable")
    /// A registry does not let us do what was asked.
    static let registryDenied = Self(rawValue: "registry_denied")
    /// A registry does not accept what was sent.
    static let registryRefused = Self(rawValue: "registry_refused")
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
        let (code, advice) = judgement(of: response.status, errors, identity)
        return BuildFailure(
            .platform,
            code,
            operation: operation,
            message: "Cannot \(purpose) in \(repository.description): \(repository.base.authority) answered "
                + "\(method.rawValue) with \(status). \(advice)",
            cause: errors.isEmpty ? RegistryError.plainText(body) : nil,
            isRetryable: Retry.isTemporary(response.status)
        )
    }

    private func judgement(
        of status: Int,
        _ errors: [RegistryError],
        _ identity: Identity?
    ) -> (BuildFailure.Code, String) {
        if errors.contains(where: \.saysImmutable) {
            return (
                .registryRefused, "The tag cannot be moved in this repository: use a new tag, or allow that tags move."
            )
        }
        switch status {
        case 401:
            guard let identity else {
                return (.unauthorized, "Configure a user name and password for \(repository.registry).")
            }
            return (
                .unauthorized, "Check the password configured for \(identity.description) of \(repository.registry)."
            )
        case 403: return (.registryDenied, "Let the configured user \(rights) this repository.")
        case 404: return (.notFound, notFoundAdvice)
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

    private var notFoundAdvice: String {
        operation == "registry.fetch"
            ? "Check the name, or create the repository."
            : "The repository does not exist: create it, or allow the registry to create it on push."
    }

    private var rights: String { operation == "registry.fetch" ? "pull from" : "push to" }
}

/// One error of a registry's answer.
struct RegistryError: Sendable, Hashable, CustomStringConvertible {
    var code: String
    var message: String
    var detail: String?

    var description: String {
        var text = code
        if !message.isEmpty { text += ": \(message)" }
        if let detail, !detail.isEmpty { text += " (\(detail))" }
        return text
    }

    /// Whether it speaks of a blob or manifest.
    func names(_ digest: Digest) -> Bool {
        detail?.contains(digest.description) == true || message.contains(digest.hex)
    }

    /// Whether the registry does not let tags move: each has words of its own for it.
    var saysImmutable: Bool {
        code == "TAG_IMMUTABLE" || message.lowercased().contains("immutab")
    }

    /// The errors of a body of any content type; none if it is not the JSON that the distribution spec wants.
    static func read(_ body: [UInt8]) -> [RegistryError] {
        guard body.count <= 64 << 10, let document = try? JSONDocument.parse(body) else { return [] }
        return (document["errors"]?.array ?? []).prefix(5).map { error in
            let detail = error["detail"].flatMap { $0 == .null ? nil : $0.string ?? $0.canonicalText }
            return RegistryError(
                code: printable(error["code"]?.string ?? "UNKNOWN", limit: 64),
                message: printable(error["message"]?.string ?? "", limit: 300),
                detail: detail.map { printable($0, limit: 300) }
            )
        }
    }

    /// What a body that is not JSON says, if it is text and no web page.
    static func plainText(_ body: [UInt8]) -> String? {
        let text = printable(String(decoding: body.prefix(2048), as: UTF8.self), limit: 200)
        return text.isEmpty || text.contains("<") ? nil : text
    }

    /// Text of a server, without what could steer a terminal.
    private static func printable(_ text: String, limit: Int) -> String {
        let scalars = text.unicodeScalars.prefix(limit).map { scalar in
            scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) ? " " : Character(scalar)
        }
        return String(scalars).split(separator: " ").joined(separator: " ")
    }
}
