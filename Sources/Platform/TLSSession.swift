package import BuildModel
internal import COpenSSL

/// The client's side of a TLS connection whose bytes somebody else carries: what comes from the network goes in, what is to
/// be sent comes out. OpenSSL's `SSL` over two memory buffers (BIO_s_mem(3)); it never blocks and touches no socket.
///
/// Not for use by two threads at once, hence not Sendable.
@safe
package final class TLSSession {
    private let context: TLSContext
    private let session: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private let server: String
    private var waiting: [UInt8] = []
    private var isEstablished = false

    /// Begins a session; its first bytes are ready to be taken.
    ///
    /// - Parameters:
    ///   - settings: whom to trust; files are read now.
    ///   - server: the name or numeric address that the server's certificate must be for.
    /// - Throws: `BuildFailure` with code `invalid_configuration` for files that cannot be used.
    package init(_ settings: TLSFiles, server: String) throws(BuildFailure) {
        context = try TLSContext(settings)
        self.server = server
        guard let session = unsafe SSL_new(context.pointer), let incoming = unsafe BIO_new(BIO_s_mem()),
            let outgoing = unsafe BIO_new(BIO_s_mem())
        else { throw TLSError.failure("There is no memory for TLS.", code: .system) }
        unsafe self.session = session
        unsafe self.incoming = incoming
        unsafe self.outgoing = outgoing
        unsafe SSL_set_bio(session, incoming, outgoing)
        unsafe SSL_set_connect_state(session)
        try expectServer()
        try advance()
    }

    // The buffers belong to the session.
    deinit { unsafe SSL_free(session) }

    private func expectServer() throws(BuildFailure) {
        let parameters = unsafe SSL_get0_param(session)
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, server) == 1 { return }
        ERR_clear_error()
        guard unsafe SSL_set1_host(session, server) == 1, unsafe slipway_tls_name_server(session, server) == 1 else {
            throw TLSError.failure("'\(server)' is not a name that a certificate can be for.")
        }
    }

    /// Takes bytes from the network; returns what the server said in them, if anything.
    ///
    /// - Throws: `BuildFailure`: `certificate_untrusted`, or `tls_failed` with OpenSSL's words.
    package func receive(_ bytes: ArraySlice<UInt8>) throws(BuildFailure) -> [UInt8] {
        unsafe bytes.withUnsafeBytes { buffer in
            _ = unsafe BIO_write(incoming, buffer.baseAddress, Int32(buffer.count))
        }
        try advance()
        return isEstablished ? try read() : []
    }

    /// Encrypts bytes for the server, once the session stands.
    package func send(_ bytes: [UInt8]) throws(BuildFailure) {
        waiting += bytes
        try advance()
    }

    /// What is to go to the network now.
    package func takeOutgoing() -> [UInt8] {
        let count = unsafe BIO_ctrl_pending(outgoing)
        guard count > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        let taken = unsafe BIO_read(outgoing, &bytes, Int32(count))
        return Array(bytes.prefix(max(0, Int(taken))))
    }

    private func advance() throws(BuildFailure) {
        if !isEstablished {
            ERR_clear_error()
            let status = unsafe SSL_do_handshake(session)
            guard status == 1 else { return try judge(status) }
            isEstablished = true
        }
        guard !waiting.isEmpty else { return }
        ERR_clear_error()
        let status = unsafe SSL_write(session, waiting, Int32(waiting.count))
        guard status > 0 else { return try judge(status) }
        waiting.removeAll(keepingCapacity: waiting.count <= 65536)
    }

    private func read() throws(BuildFailure) -> [UInt8] {
        var plain: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            ERR_clear_error()
            let count = unsafe SSL_read(session, &chunk, Int32(chunk.count))
            guard count > 0 else {
                try judge(count)
                return plain
            }
            plain += chunk.prefix(Int(count))
        }
    }

    /// Passes when the session only waits for more bytes, or when the server has said goodbye: the socket's end follows.
    private func judge(_ status: Int32) throws(BuildFailure) {
        switch unsafe SSL_get_error(session, status) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE, SSL_ERROR_ZERO_RETURN: return
        default: break
        }
        let verdict = unsafe SSL_get_verify_result(session)
        guard verdict == Int(X509_V_OK) else {
            let words = unsafe String(cString: X509_verify_cert_error_string(verdict))
            let message = "The certificate of \(server) is not trusted: \(words)."
            throw TLSError.failure(message, code: .certificateUntrusted)
        }
        throw TLSError.failure("TLS with \(server) failed.")
    }
}
