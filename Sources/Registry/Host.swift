internal import Glibc

/// A host by what it may be: this machine, something inside, or anything.
///
/// Names are not looked up: what they lead to may change between a check and its use.
struct Host: Sendable, Hashable {
    /// In lower case, without the brackets of an IPv6 address.
    let name: String

    init(_ name: String) {
        self.name = name.lowercased()
    }

    /// `host` of `host:port` or `[host]:port`.
    init(ofAuthority authority: String) {
        let isBracketed = authority.hasPrefix("[")
        self.init(String(isBracketed ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }))
    }

    /// Whether it means this machine.
    var isLoopback: Bool { name == "localhost" || isOwnIPv6 || addressBytes?.first == 127 }

    /// Whether it is, or may be read as, this machine or something on its own wire, such as a cloud's metadata service: loopback and
    /// link-local. RFC 3927, 4291, 6761.
    var isNearby: Bool {
        if isLoopback || name == "localhost." || name.hasSuffix(".localhost") { return true }
        if name.contains(":") { return isNearbyIPv6 }
        guard let bytes = addressBytes else { return mayBeAddress }
        return bytes[0] == 0 || (bytes[0] == 169 && bytes[1] == 254)
    }

    /// Whether it is, or may be read as, an address that is reached only from inside: loopback, link-local, private.
    /// RFC 1918, 3927, 4193, 6761.
    var isInternal: Bool {
        if isLoopback || name == "localhost." || name.hasSuffix(".localhost") { return true }
        if name.contains(":") { return isNearbyIPv6 || isPrivateIPv6 }
        guard let bytes = addressBytes else { return mayBeAddress }
        switch (bytes[0], bytes[1]) {
        case (0, _), (10, _), (127, _), (169, 254), (192, 168), (172, 16...31), (100, 64...127): return true
        default: return false
        }
    }

    private var isOwnIPv6: Bool { longAddressBytes == [UInt8](repeating: 0, count: 15) + [1] }

    /// Link-local, or of `::/8`: this machine and every form that has an IPv4 address within, mapped or translated. RFC 4291, 6052, 8215.
    /// What is no address may be read as any.
    private var isNearbyIPv6: Bool {
        guard let bytes = longAddressBytes else { return true }
        return bytes[0] == 0 || (bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80)
    }

    /// Unique local, or site-local as it once was. RFC 4193, 3879.
    private var isPrivateIPv6: Bool {
        guard let bytes = longAddressBytes else { return true }
        return bytes[0] & 0xfe == 0xfc || (bytes[0] == 0xfe && bytes[1] & 0xc0 == 0xc0)
    }

    /// The sixteen bytes of an IPv6 address in any of its spellings: inet_pton(3).
    private var longAddressBytes: [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, name, &bytes) == 1 ? bytes : nil
    }

    /// The four bytes of an IPv4 address in its plain form, which has no leading zeros: some readers take those for octal.
    private var addressBytes: [UInt8]? {
        let bytes = name.split(separator: ".", omittingEmptySubsequences: false).compactMap { part -> UInt8? in
            UInt8(part).flatMap { String($0) == part ? $0 : nil }
        }
        return bytes.count == 4 && name.split(separator: ".").count == 4 ? bytes : nil
    }

    /// Resolvers read `127.1`, `0x7f000001` and `2130706433` as addresses too; no name ends in a number.
    private var mayBeAddress: Bool {
        guard let last = name.split(separator: ".").last else { return true }
        return last.utf8.allSatisfy { (48...57).contains($0) } || last.hasPrefix("0x")
    }
}
