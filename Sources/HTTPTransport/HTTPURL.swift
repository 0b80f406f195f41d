package import BuildModel

/// An absolute `http` or `https` URL, taken apart at its authority and otherwise kept byte for byte: signed paths and queries
/// must not be decoded and encoded again. RFC 3986, section 3.
package struct HTTPURL: Sendable, Hashable {
    /// `http` or `https`.
    package let scheme: String
    /// The host in lower case; an IPv6 address without its brackets.
    package let host: String
    /// The port that is written, or nil.
    package let port: Int?
    /// Path and query, beginning with `/`.
    package let target: String

    /// Takes a URL apart.
    ///
    /// - Throws: `BuildFailure` with code `invalid_url`: not http or https, no host, with a user name, password or fragment, or with
    ///   a character that a URL cannot have. The message never shows a query or password.
    package init(parsing text: String) throws(BuildFailure) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw Self.invalid(text, "it has a space, a control character or a letter outside ASCII")
        }
        guard let colon = text.range(ofFirst: "://") else { throw Self.invalid(text, "it has no scheme") }
        scheme = text[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { throw Self.invalid(text, "its scheme is not http or https") }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else {
            throw Self.invalid(text, "credentials do not belong in a URL; configure them for the host")
        }
        guard !rest.contains("#") else { throw Self.invalid(text, "it has a fragment") }
        guard let split = Self.split(authority) else { throw Self.invalid(text, "it has no valid host and port") }
        (host, port) = split
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }

    /// The host as it is written in a URL, with the port if one was written: `127.0.0.1:5000`, `[::1]`.
    package var authority: String { Self.bracketed(host) + (port.map { ":\($0)" } ?? "") }

    /// The port that is connected to.
    package var effectivePort: Int { port ?? (scheme == "https" ? 443 : 80) }

    /// The whole URL.
    package var text: String { "\(scheme)://\(authority)\(target)" }

    /// The URL without its query, for messages: queries carry signatures.
    package var redacted: String { "\(scheme)://\(authority)\(target.prefix { $0 != "?" })" }

    /// Whether credentials for one may be shown to the other: same scheme, host and port. RFC 6454.
    package func hasSameOrigin(as other: HTTPURL) -> Bool {
        scheme == other.scheme && host == other.host && effectivePort == other.effectivePort
    }

    /// An IPv6 address in brackets, anything else as it is.
    static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    private static func split(_ authority: Substring) -> (host: String, port: Int?)? {
        var host = authority
        var digits: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { return nil }
            guard host.utf8.allSatisfy({ isAddressByte($0) }) else { return nil }
            digits = after.isEmpty ? nil : after.dropFirst()
        } else {
            if let colon = authority.firstIndex(of: ":") {
                host = authority[..<colon]
                digits = authority[authority.index(after: colon)...]
            }
            guard host.utf8.allSatisfy({ isNameByte($0) }) else { return nil }
        }
        guard !host.isEmpty else { return nil }
        guard let digits else { return (host.lowercased(), nil) }
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = Int(digits), (1...65535).contains(port)
        else {
            return nil
        }
        return (host.lowercased(), port)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        (48...58).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte) || byte == UInt8(ascii: ".")
    }

    private static func invalid(_ text: String, _ reason: String) -> BuildFailure {
        // A password may stand before an '@': then only what follows it is shown.
        let afterPassword = text.split(separator: "@").last ?? ""
        let shown = afterPassword.prefix(200).prefix { $0 != "?" && $0 != "#" }
        return BuildFailure(
            .platform,
            .invalidURL,
            operation: "url.parse",
            message: "'\(shown)' is not a URL that can be used: \(reason)."
        )
    }
}

extension BuildFailure.Code {
    /// A URL is malformed or of a kind that is refused.
    package static let invalidURL = Self(rawValue: "invalid_url")
}

extension String {
    /// Where `mark` first stands, by bytes.
    fileprivate func range(ofFirst mark: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(mark) { return start..<index(start, offsetBy: mark.count) }
            start = index(after: start)
        }
        return nil
    }
}
