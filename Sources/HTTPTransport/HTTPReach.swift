package import Platform

/// Where a request may lead, whatever name it has: names are judged by the addresses that are connected to, since what they lead to may
/// change between a look and its use.
package enum HTTPReach: Sendable, Hashable {
    case anywhere
    /// To the internet: not to this node, nor to link-local addresses, nor, unless `orPrivate`, to private ones. Where the
    /// environment names a proxy, everything goes through that, and it decides.
    case internet(orPrivate: Bool)

    /// Whether an address may be connected to.
    package func allows(_ address: NetworkAddress) -> Bool {
        guard case .internet(let orPrivate) = self else { return true }
        switch address.scope {
        case .forbidden: return false
        case .local: return orPrivate && !address.isOwn
        case .global: return !address.isOwn
        }
    }
}

extension HTTPRequest {
    /// Whether the addresses that are connected to are looked at, and not a proxy's.
    func checksAddresses(scheme: String) -> Bool { reach != .anywhere && proxy == nil && !Self.hasProxy(for: scheme) }

    /// Whether the environment names a proxy, in libcurl's words: libcurl-env(3).
    private static func hasProxy(for scheme: String) -> Bool {
        let names = (scheme == "http" ? ["http_proxy"] : ["https_proxy", "HTTPS_PROXY"]) + ["all_proxy", "ALL_PROXY"]
        guard names.contains(where: { !(SystemInformation.environment($0) ?? "").isEmpty }) else { return false }
        return !["no_proxy", "NO_PROXY"].contains { SystemInformation.environment($0) == "*" }
    }
}
