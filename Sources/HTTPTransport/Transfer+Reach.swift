package import BuildModel
internal import CCurl
internal import Platform

extension BuildFailure.Code {
    /// A name leads to an address that those who named it have no business with.
    package static let addressNotAllowed = Self(rawValue: "address_not_allowed")
}

extension Transfer {
    /// Whether the addresses that this is sent to are looked at.
    var checksAddresses: Bool { request.checksAddresses(scheme: url.scheme) }

    /// Has libcurl ask before each connection. One that is kept from another request is asked for by `mayUse`.
    func guardConnections(_ me: UnsafeMutableRawPointer) throws(BuildFailure) {
        guard checksAddresses else { return }
        try handle.check(unsafe slipway_curl_set_open_function(handle.raw, openCallback), "OPENSOCKETFUNCTION")
        try unsafe handle.set(CURLOPT_OPENSOCKETDATA, pointer: me)
    }

    /// Whether the request may go to the address that its connection has.
    func mayUse(_ address: String) -> Bool {
        guard checksAddresses else { return true }
        guard let parsed = NetworkAddress(parsing: address), request.reach.allows(parsed) else {
            failure = notAllowed(address)
            return false
        }
        return true
    }

    fileprivate func open(_ target: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let bytes = unsafe UnsafeRawBufferPointer(
            start: slipway_curl_address(target),
            count: Int(target.pointee.addrlen)
        )
        let address = unsafe NetworkAddress(bytes: Array(bytes))
        guard request.reach.allows(address) else {
            // Another address of the name may be one of the internet.
            refusedAddress = address.text
            return CURL_SOCKET_BAD
        }
        return unsafe slipway_curl_open(target)
    }

    func notAllowed(_ address: String) -> BuildFailure {
        BuildFailure(
            .code,
            .addressNotAllowed,
            operation: "http.\(request.method.rawValue.lowercased())",
            message:
                "\(request.method.rawValue) \(url.redacted) leads to the address \(address), which is not one of the internet."
        )
    }
}

private func openCallback(
    _ me: UnsafeMutableRawPointer?,
    _ purpose: curlsocktype,
    _ target: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let me = unsafe me, let target = unsafe target else { return CURL_SOCKET_BAD }
    return unsafe Unmanaged<Transfer>.fromOpaque(me).takeUnretainedValue().open(target)
}
