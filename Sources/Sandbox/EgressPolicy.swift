internal import BuildModel
internal import Platform

/// Where a step may connect to.
struct EgressPolicy: Sendable, Hashable {
    /// What the plan names. Addresses of private networks are never among what it opens: the repository may have written it.
    let planned: [Destination]
    /// What the operator names; one given by address may be private, and all may where `allowsPrivate`.
    let configured: [Destination]
    let allowsPrivate: Bool

    /// A host, `*.` and a domain, or `*`, with a port or `*`.
    struct Destination: Sendable, Hashable {
        var host: String
        /// nil for any.
        var port: UInt16?

        init?(_ text: String) {
            guard let colon = text.lastIndex(of: ":") else { return nil }
            let (host, port) = (text[..<colon], text[text.index(after: colon)...])
            guard !host.isEmpty, port == "*" || UInt16(port) != nil else { return nil }
            self.host = Self.plain(host)
            self.port = UInt16(port)
        }

        func contains(host: String, port: UInt16) -> Bool {
            guard self.port == nil || self.port == port else { return false }
            if self.host == "*" { return true }
            guard self.host.hasPrefix("*.") else { return self.host == host }
            return host.hasSuffix(self.host.dropFirst()) && host.utf8.count > self.host.utf8.count - 1
        }

        /// In lower case, without brackets around an address and without the dot of the root.
        static func plain(_ host: some StringProtocol) -> String {
            var host = host.lowercased()
            if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
            if host.hasSuffix(".") { host.removeLast() }
            return host
        }
    }

    /// nil for a step without egress.
    init?(_ network: StepNetwork, settings: SandboxSettings) {
        guard case .egress(let hosts) = network else { return nil }
        planned = hosts.compactMap { Destination($0) }
        configured = settings.allowedHosts.compactMap { Destination($0) }
        allowsPrivate = settings.allowsPrivate
    }

    /// Whether a name may be asked for at all.
    func allows(host: String, port: UInt16) -> Bool {
        (planned + configured).contains { $0.contains(host: host, port: port) }
    }

    /// Whether an address, which a name was resolved to, may be connected to.
    func allows(_ address: NetworkAddress, host: String, port: UInt16) -> Bool {
        // The operator wrote the very address down.
        if address.text == host, configured.contains(where: { $0.host == host && $0.contains(host: host, port: port) })
        {
            return true
        }
        let scope = address.scope
        // What listens on this node has to be named by the operator, whatever kind of address it has: everywhere is not here.
        if scope == .forbidden || (scope == .local && !allowsPrivate) { return false }
        let isOwn = address.isOwn
        if scope == .global && !isOwn { return true }
        return configured.contains { $0.contains(host: host, port: port) && !($0.host.hasPrefix("*") && isOwn) }
    }
}
