internal import Platform

extension FetchOperation {
    /// Where libgit2 looks for a proxy (curl(1), "ENVIRONMENT").
    private static let proxyVariables = [
        "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
    ]

    /// Whether the library may connect there: to the URL's host and port, which were checked, or to a proxy of this process.
    ///
    /// Whatever the library reads out of a URL or an answer, no other host gets to see the request or its credentials.
    func mayReach(host: String, port: String) -> Bool {
        let host = Self.plain(host)
        if host == url.host, port == String(url.effectivePort) { return true }
        guard url.scheme == "http" || url.scheme == "https" else { return false }
        return Self.proxyVariables.contains { name in
            SystemInformation.environment(name).map(Self.host(ofProxy:))?.lowercased() == host
        }
    }

    /// The host of a proxy's URL, whose scheme may be left out.
    static func host(ofProxy text: String) -> String {
        let rest = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? text[...]
        let authority = rest.prefix { $0 != "/" }
        let address = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        if address.hasPrefix("[") { return String(address.dropFirst().prefix { $0 != "]" }) }
        return String(address.prefix { $0 != ":" })
    }

    private static func plain(_ host: String) -> String {
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        return (isBracketed ? String(host.dropFirst().dropLast()) : host).lowercased()
    }
}
