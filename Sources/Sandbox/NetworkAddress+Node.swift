internal import Glibc

extension NetworkAddress {
    /// Whether what answers there is this node: whoever connects from it goes past its firewall. Asked for each connection, since
    /// addresses come and go.
    var isThisNode: Bool { isLoopback || Self.ofInterfaces().contains(plainAddress) || isRoutedHere }

    /// Of an address of version 4 that is written as one of version 6, the former.
    private var plainAddress: [UInt8] {
        guard let address else { return [] }
        let isMapped =
            address.count == 16 && address[0..<10].allSatisfy { $0 == 0 } && address[10...11] == [0xff, 0xff]
        return isMapped ? Array(address[12...]) : address
    }

    /// Addresses that interfaces have: getifaddrs(3).
    private static func ofInterfaces() -> Set<[UInt8]> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return [] }
        defer { unsafe freeifaddrs(list) }
        var addresses: Set<[UInt8]> = []
        var next = unsafe list
        while let entry = unsafe next?.pointee {
            unsafe next = entry.ifa_next
            guard let address = unsafe entry.ifa_addr else { continue }
            let length = unsafe Int32(address.pointee.sa_family) == AF_INET6 ? 28 : 16
            let bytes = unsafe UnsafeRawBufferPointer(start: address, count: length)
            if let found = unsafe NetworkAddress(bytes: Array(bytes)).address { addresses.insert(found) }
        }
        return addresses
    }

    /// Routes may lead other addresses here: the kernel then answers from the very address. Connecting a datagram socket sends nothing.
    private var isRoutedHere: Bool {
        let family = address?.count == 16 ? AF_INET6 : AF_INET
        let probe = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return false }
        defer { close(probe) }
        var own = [UInt8](repeating: 0, count: 28)
        var length = socklen_t(own.count)
        let isKnown = unsafe bytes.withUnsafeBytes { target in
            guard let start = unsafe target.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            return unsafe connect(probe, start, socklen_t(target.count)) == 0
        }
        let isNamed = unsafe own.withUnsafeMutableBytes { room in
            guard let start = unsafe room.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            return unsafe getsockname(probe, start, &length) == 0
        }
        return isKnown && isNamed && NetworkAddress(bytes: own).address == address
    }
}
