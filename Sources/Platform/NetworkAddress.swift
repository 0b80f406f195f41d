internal import CShims
internal import Glibc

/// An address of IP with its port, as the system has it.
package struct NetworkAddress: Sendable, Hashable {
    /// Who can be behind an address.
    package enum Scope: Sendable, Hashable {
        /// Anybody on the internet.
        case global
        /// This host or its networks.
        case local
        /// Link-local addresses, where clouds answer with credentials, and those that no server has.
        case forbidden
    }

    /// A sockaddr.
    package let bytes: [UInt8]

    /// - Parameter bytes: a sockaddr as the system has it.
    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// An address as `inet_pton(3)` reads it; nil if it is none.
    package init?(parsing text: String) {
        var address = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, text, &address) == 1 {
            self.init(bytes: Self.head(AF_INET) + address[..<4] + [UInt8](repeating: 0, count: 8))
        } else if unsafe inet_pton(AF_INET6, text, &address) == 1 {
            self.init(bytes: Self.head(AF_INET6) + [0, 0, 0, 0] + address + [0, 0, 0, 0])
        } else {
            return nil
        }
    }

    /// Family and port 0: the front of a sockaddr.
    private static func head(_ family: Int32) -> [UInt8] { [UInt8(family), 0, 0, 0] }

    /// 4 or 16 bytes; nil for other families.
    package var address: [UInt8]? {
        guard bytes.count >= 8 else { return nil }
        let family = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        if Int32(family) == AF_INET { return Array(bytes[4..<8]) }
        guard Int32(family) == AF_INET6, bytes.count >= 24 else { return nil }
        return Array(bytes[8..<24])
    }

    /// As people write it.
    package var text: String {
        guard let address else { return "" }
        var buffer = [CChar](repeating: 0, count: 64)
        let family = address.count == 4 ? AF_INET : AF_INET6
        guard unsafe inet_ntop(family, address, &buffer, socklen_t(buffer.count)) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether this node itself answers there: its own addresses, also as one of version 6, and whatever its routes deliver to it. What the
    /// kernel does not say counts as its own.
    package var isOwn: Bool {
        guard var address else { return true }
        if Self.isMapped(address) { address = Array(address[12...]) }
        return unsafe slipway_is_own_address(address, UInt32(address.count)) != 0
    }

    private static func isMapped(_ address: [UInt8]) -> Bool {
        address.count == 16 && address[0..<10].allSatisfy { $0 == 0 } && address[10] == 0xff && address[11] == 0xff
    }

    package var scope: Scope {
        guard let address else { return .forbidden }
        return address.count == 4 ? Self.scope(ofFour: address) : Self.scope(ofSixteen: address)
    }

    /// The registry of special addresses, RFC 6890 and its successors. Addresses for documentation count as local: closed networks use
    /// them as such.
    private static let specialFour: [(prefix: [UInt8], bits: Int, scope: Scope)] = [
        ([0, 0, 0, 0], 8, .forbidden), ([10, 0, 0, 0], 8, .local), ([100, 64, 0, 0], 10, .local),
        ([127, 0, 0, 0], 8, .local), ([169, 254, 0, 0], 16, .forbidden), ([172, 16, 0, 0], 12, .local),
        ([192, 0, 0, 0], 24, .forbidden), ([192, 0, 2, 0], 24, .local), ([192, 88, 99, 0], 24, .forbidden),
        ([192, 168, 0, 0], 16, .local), ([198, 18, 0, 0], 15, .local), ([198, 51, 100, 0], 24, .local),
        ([203, 0, 113, 0], 24, .local), ([224, 0, 0, 0], 4, .forbidden), ([240, 0, 0, 0], 4, .forbidden),
    ]

    private static func scope(ofFour address: [UInt8]) -> Scope {
        specialFour.first { matches(address, $0.prefix, $0.bits) }?.scope ?? .global
    }

    private static func scope(ofSixteen address: [UInt8]) -> Scope {
        if isMapped(address) { return scope(ofFour: Array(address[12...])) }
        if address.dropLast().allSatisfy({ $0 == 0 }) && address[15] == 1 { return .local }
        if matches(address, [0xfc], 7) {
            // fd00:ec2::/32 is where one cloud has its metadata service.
            return matches(address, [0xfd, 0x00, 0x0e, 0xc2], 32) ? .forbidden : .local
        }
        // 6to4 and NAT64 carry an address of version 4.
        if matches(address, [0x20, 0x02], 16) { return scope(ofFour: Array(address[2..<6])) }
        // A network's own NAT64 (RFC 8215) may put that address anywhere: it is below no prefix that has others.
        if matches(address, [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 96) {
            return scope(ofFour: Array(address[12...]))
        }
        if matches(address, [0x20, 0x01, 0x0d, 0xb8], 32) || matches(address, [0x20, 0x01, 0x00], 23) {
            return .forbidden
        }
        return matches(address, [0x20], 3) ? .global : .forbidden
    }

    private static func matches(_ address: [UInt8], _ prefix: [UInt8], _ bits: Int) -> Bool {
        let whole = bits / 8
        guard address.prefix(whole).elementsEqual(prefix.prefix(whole)) else { return false }
        let rest = bits % 8
        guard rest > 0 else { return true }
        let mask = ~UInt8(0) << UInt8(8 - rest)
        return address[whole] & mask == prefix[whole] & mask
    }
}

extension NetworkAddress {
    /// Asks the system's resolver, which waits.
    ///
    /// - Returns: the addresses in the order in which they should be tried; none where the name is not known.
    package static func resolve(_ host: String, port: UInt16) -> [NetworkAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, "\(port)", &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [NetworkAddress] = []
        var next = unsafe list
        while let entry = unsafe next?.pointee {
            if let address = unsafe entry.ai_addr {
                let bytes = unsafe UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen))
                addresses.append(unsafe NetworkAddress(bytes: Array(bytes)))
            }
            unsafe next = entry.ai_next
        }
        return addresses
    }
}
