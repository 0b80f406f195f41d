internal import BuildModel
internal import COpenSSL

/// Certificates and rules of a client: OpenSSL's `SSL_CTX`. Files are read when it is made, so that a certificate that was
/// renewed is used by the next connection.
@safe
final class TLSContext {
    let pointer: OpaquePointer

    /// - Throws: `BuildFailure` with code `invalid_configuration` that names the file that cannot be used.
    init(_ settings: TLSFiles) throws(BuildFailure) {
        guard let pointer = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw TLSError.failure("There is no memory for TLS.", code: .system)
        }
        unsafe self.pointer = pointer
        guard unsafe slipway_tls_require_1_2(pointer) == 1 else { throw TLSError.failure("TLS 1.2 is not there.") }
        unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
        try trust(settings.certificateAuthorityFile)
        guard let certificate = settings.clientCertificateFile else { return }
        try identify(certificate, key: settings.clientKeyFile ?? certificate)
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    private func trust(_ file: String?) throws(BuildFailure) {
        guard let file else {
            unsafe SSL_CTX_set_default_verify_paths(pointer)
            return
        }
        try use(file, "a file of certificate authorities") {
            unsafe SSL_CTX_load_verify_locations(pointer, file, nil)
        }
    }

    private func identify(_ certificate: String, key: String) throws(BuildFailure) {
        try use(certificate, "a client certificate") {
            unsafe SSL_CTX_use_certificate_chain_file(pointer, certificate)
        }
        try use(key, "the key of the client certificate") {
            unsafe SSL_CTX_use_PrivateKey_file(pointer, key, SSL_FILETYPE_PEM)
        }
    }

    private func use(_ file: String, _ what: String, _ load: () -> Int32) throws(BuildFailure) {
        ERR_clear_error()
        guard load() == 1 else {
            throw TLSError.failure("'\(file)' is not \(what) in PEM.", code: .invalidConfiguration)
        }
    }
}

/// OpenSSL's queue of errors, as failures.
enum TLSError {
    /// A failure with the first error of this thread's queue as its cause; empties the queue.
    static func failure(_ message: String, code: BuildFailure.Code = .tlsFailed) -> BuildFailure {
        BuildFailure(.platform, code, operation: "tls", message: message, cause: words())
    }

    private static func words() -> String? {
        let code = ERR_peek_error()
        defer { ERR_clear_error() }
        guard code != 0 else { return nil }
        var buffer = [CChar](repeating: 0, count: 256)
        unsafe ERR_error_string_n(code, &buffer, buffer.count)
        // error:0A000086:SSL routines::certificate verify failed
        return buffer.text.split(separator: ":").last.map(String.init)
    }
}
