/// The URL of an API server.
enum ServerURL {
    /// The URL without slashes at its end; nil if it is not one that requests may be sent to.
    ///
    /// Plain http is for loopback alone (a local proxy): a token must not cross a network in the clear.
    static func normalized(_ text: String) -> String? {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        let scheme = text[..<colon].lowercased()
        var rest = text[colon...].dropFirst(3)
        while rest.hasSuffix("/") { rest.removeLast() }
        let host = rest.prefix { $0 != "/" }
        let isPlain = rest.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        guard !host.isEmpty, isPlain, !rest.contains(where: { "@?#\\".contains($0) }) else { return nil }
        switch scheme {
        case "https": return "https://\(rest)"
        case "http": return isLoopback(host) ? "http://\(rest)" : nil
        default: return nil
        }
    }

    private static func isLoopback(_ host: Substring) -> Bool {
        if host == "[::1]" || host.hasPrefix("[::1]:") { return true }
        let name = host.prefix { $0 != ":" }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let isAddress = parts.count == 4 && parts.allSatisfy { UInt8($0) != nil } && parts[0] == "127"
        return name == "localhost" || isAddress
    }
}
