package import BuildModel
internal import CCurl
internal import Platform

extension BuildFailure.Code {
    /// A connection broke in the middle of a request.
    package static let connectionLost = Self(rawValue: "connection_lost")
    /// The other side's certificate is not one that we trust.
    package static let untrustedCertificate = Self(rawValue: "untrusted_certificate")
}

extension Transfer {
    /// libcurl's error as a failure: `libcurl-errors(3)`.
    func failure(of code: CURLcode) -> BuildFailure {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            unreachable("Cannot find the host of \(shown): check the name, and that this node can resolve it.")
        case CURLE_COULDNT_CONNECT:
            unreachable("Cannot connect for \(shown): check that the server runs and the port is right.")
        case CURLE_OPERATION_TIMEDOUT: timeout
        case CURLE_PEER_FAILED_VERIFICATION: untrusted
        case CURLE_SSL_CACERT_BADFILE: badFile("the file of trusted certificate authorities cannot be used")
        case CURLE_SSL_CERTPROBLEM: badFile("the client certificate or its key cannot be used")
        case CURLE_SSL_CONNECT_ERROR:
            unreachable("No TLS connection for \(shown): the server may speak plain http, or be overloaded.")
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM,
            CURLE_SEND_FAIL_REWIND:
            failure(.connectionLost, "The connection broke during \(shown).", isRetryable: true)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL:
            failure(.protocolViolation, "The server of \(shown) does not answer in HTTP.")
        default:
            failure(.protocolViolation, "\(shown) failed.")
        }
    }

    private var shown: String { "\(request.method.rawValue) \(url.redacted)" }

    private var operation: String { "http.\(request.method.rawValue.lowercased())" }

    private var cause: String {
        let words = handle.errorMessage
        // libcurl's words may quote the whole URL.
        return words.contains("?") ? String(words.prefix { $0 != "?" }) : words
    }

    private func failure(_ code: BuildFailure.Code, _ message: String, isRetryable: Bool = false) -> BuildFailure {
        BuildFailure(
            .platform,
            code,
            operation: operation,
            message: message,
            cause: cause.isEmpty ? nil : cause,
            isRetryable: isRetryable
        )
    }

    private func unreachable(_ message: String) -> BuildFailure { failure(.unreachable, message, isRetryable: true) }

    private func badFile(_ reason: String) -> BuildFailure {
        failure(.invalidConfiguration, "Cannot do \(shown): \(reason).")
    }

    private var untrusted: BuildFailure {
        failure(
            .untrustedCertificate,
            "The certificate of \(url.authority) is not trusted: configure the file of the authority that issued it "
                + "for this host, or use the name that the certificate is for."
        )
    }

    /// The failure of a transfer whose body did not come on.
    var restedTooLong: BuildFailure {
        let reason = "the next bytes of its body were not made within \(request.limits.rest.seconds) s"
        return BuildFailure.timedOut(operation: operation, message: "\(shown) was given up: \(reason).")
    }

    private var patience: Duration {
        let isSent = uploadOffset == request.bodySize
        return (isSent ? request.limits.reply : nil) ?? request.limits.stall
    }

    private var timeout: BuildFailure {
        let connected = unsafe slipway_curl_get_offset(handle.raw, CURLINFO_PRETRANSFER_TIME_T) > 0
        let elapsed = Duration.microseconds(unsafe slipway_curl_get_offset(handle.raw, CURLINFO_TOTAL_TIME_T))
        guard connected else {
            return unreachable("No connection within \(request.limits.connect.seconds) s for \(shown).")
        }
        let reason =
            if let total = request.limits.total, elapsed >= total {
                "it was not done within \(total.seconds) s"
            } else {
                "nearly nothing moved for \(patience.seconds) s"
            }
        var failure = BuildFailure.timedOut(operation: operation, message: "\(shown) was given up: \(reason).")
        failure.cause = cause
        return failure
    }
}
