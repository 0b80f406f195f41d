internal import BuildModel
internal import HTTPTransport

/// The `Location` of an upload session or redirect: absolute, or relative to the URL that answered. RFC 3986, section 5.2.
///
/// Its bytes are kept as they are: they may be signed.
enum UploadLocation {
    /// The URL that a `Location` means.
    ///
    /// - Throws: `BuildFailure` with code `protocol_violation` if there is none, it is no URL, it would leave TLS, or it leads from
    ///   one host to an internal address of another.
    /// - Parameter hidesTLS: whether the `http` of an answer from https means https: a proxy ends TLS and does not tell.
    static func resolve(
        _ location: String?,
        against base: HTTPURL,
        hidesTLS: Bool = false
    ) throws(BuildFailure) -> HTTPURL {
        let url = try read(location, against: base)
        if hidesTLS, base.scheme == "https", url.scheme == "http", url.host == base.host {
            let port = base.port == nil && url.port == 80 ? nil : url.port
            let host = url.host.contains(":") ? "[\(url.host)]" : url.host
            return try HTTPURL(parsing: "https://\(host)\(port.map { ":\($0)" } ?? "")\(url.target)")
        }
        guard base.scheme == "http" || url.scheme == "https" else {
            throw refused(
                "its Location leads from https to http; the proxy in front of the registry hides TLS from it: mend that, "
                    + "or name the host in registries.hiddenTLS",
                base
            )
        }
        guard url.host == base.host || !Host(url.host).isInternal else {
            throw refused("its Location leads to the internal address \(url.host)", base)
        }
        return url
    }

    /// The URL of the token server that a challenge names. One inside may be another host than the registry, but not this machine
    /// for a registry that is elsewhere.
    ///
    /// - Parameter allowsPlain: whether it may leave TLS, as where certificates are not checked either.
    static func realm(_ realm: String?, of base: HTTPURL, allowsPlain: Bool) throws(BuildFailure) -> HTTPURL {
        let url = try read(realm, against: base)
        guard base.scheme == "http" || url.scheme == "https" || allowsPlain else {
            throw refused("its token server would be asked without TLS", base)
        }
        guard url.host == base.host || !Host(url.host).isNearby else {
            throw refused("its token server has the address \(url.host) of this machine", base)
        }
        return url
    }

    private static func read(_ location: String?, against base: HTTPURL) throws(BuildFailure) -> HTTPURL {
        guard let location, !location.isEmpty else { throw refused("the registry sent no Location", base) }
        do {
            return try HTTPURL(parsing: absolute(location, base))
        } catch {
            throw refused("its Location is not a URL that can be used", base, cause: error.message)
        }
    }

    /// The URL that ends an upload: the digest is added to the query as it is.
    static func closing(_ location: HTTPURL, digest: Digest) throws(BuildFailure) -> HTTPURL {
        let mark = location.target.contains("?") ? "&" : "?"
        return try HTTPURL(parsing: "\(location.text)\(mark)digest=\(PercentEncoding.encode(digest.description))")
    }

    private static func absolute(_ location: String, _ base: HTTPURL) -> String {
        let origin = "\(base.scheme)://\(base.authority)"
        if hasScheme(location) { return location }
        // Not a URL, but seen: a host without its scheme.
        if location.lowercased().hasPrefix("\(base.authority)/v2/") { return "\(base.scheme)://\(location)" }
        if location.hasPrefix("//") { return "\(base.scheme):\(location)" }
        if location.hasPrefix("/") { return origin + location }
        let path = base.target.prefix { $0 != "?" }
        if location.hasPrefix("?") { return origin + path + location }
        let directory = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return origin + directory + location
    }

    private static func hasScheme(_ text: String) -> Bool {
        guard let first = text.first, first.isLetter, let colon = text.firstIndex(of: ":") else { return false }
        return text[..<colon].allSatisfy { $0.isLetter || $0.isNumber || "+-.".contains($0) }
            && text[colon...].hasPrefix("://")
    }

    private static func refused(_ reason: String, _ base: HTTPURL, cause: String? = nil) -> BuildFailure {
        BuildFailure(
            .platform,
            .protocolViolation,
            operation: "registry.location",
            message:
                "The answer of \(base.redacted) cannot be followed: \(reason). Look at how the registry, and what stands "
                + "before it, make the URLs of their answers.",
            cause: cause
        )
    }
}

/// Values of a URL's query.
enum PercentEncoding {
    /// Everything but RFC 3986's unreserved characters as `%XX`.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let isUnreserved =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-._~".utf8.contains(byte)
            encoded += isUnreserved ? String(UnicodeScalar(byte)) : "%" + Hexadecimal.encode([byte]).uppercased()
        }
        return encoded
    }

    /// `name=value&name=value`.
    static func form(_ parameters: [(name: String, value: String)]) -> String {
        parameters.map { "\($0.name)=\(encode($0.value))" }.joined(separator: "&")
    }
}
