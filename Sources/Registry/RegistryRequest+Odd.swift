internal import BuildModel
internal import HTTPTransport

// What a person reads says the same six things whatever went wrong: method, host, repository, what came back, the other side's own words
// and what to do.

extension RegistryRequest {
    /// An answer that came, and cannot be what was asked for.
    ///
    /// - Parameters:
    ///   - reason: what is wrong with it, as half a sentence after "but".
    ///   - advice: what to do, a sentence.
    func odd(
        _ response: HTTPResponse,
        _ reason: String,
        code: BuildFailure.Code = .protocolViolation,
        advice: String,
        cause: String? = nil
    ) -> BuildFailure {
        let url = (try? HTTPURL(parsing: response.url)) ?? self.url
        return BuildFailure(
            .platform,
            code,
            operation: operation,
            message: "Cannot \(purpose) in \(repository.description): \(method.rawValue) \(url.redacted) was answered "
                + "with \(response.status), but \(reason). \(advice)",
            cause: cause
        )
    }

    /// An answer about something with another digest.
    func wrongDigest(_ promised: String, _ actual: Digest, _ response: HTTPResponse) -> BuildFailure {
        odd(
            response,
            "the digest should be \(RegistryError.printable(promised, limit: 100)), and is \(actual)",
            code: .corrupted,
            advice: "Look at the registry's storage, and at caches and proxies in between."
        )
    }

    /// A place that an answer leads to and that is not gone to.
    ///
    /// - Parameter answer: what gave it: the method, the status and the URL.
    func astray(_ failure: BuildFailure, answer: (HTTPRequest.Method, status: Int, HTTPURL)) -> BuildFailure {
        var failure = failure
        failure.operation = operation
        failure.message =
            "Cannot \(purpose) in \(repository.description): \(answer.0.rawValue) \(answer.2.redacted) was answered "
            + "with \(answer.status). \(failure.message)"
        return failure
    }

    /// A failure of the connection, with what it was for and what to do. Others stay as they are.
    func broken(_ failure: BuildFailure) -> BuildFailure {
        guard failure.operation.hasPrefix("http."), failure.fault != .cancelled else { return failure }
        var failure = failure
        let words = failure.message
        let isSentence = words.dropFirst().first?.isLowercase == true
        failure.message =
            "Cannot \(purpose) in \(repository.description): "
            + (isSentence ? words.prefix(1).lowercased() + words.dropFirst() : words)
        switch failure.code {
        case .connectionLost:
            failure.message += " Look at the registry's log, and at what stands in between, such as proxies."
        case .deadlineExceeded: failure.message += " Look at the network and the registry's log, and try again."
        case .protocolViolation: failure.message += " Check that the host and port are those of a registry."
        default: break
        }
        return failure
    }
}
