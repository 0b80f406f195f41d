extension BuildFailure.Code {
    /// The request is not one that this version understands; the message names the field.
    package static let invalidRequest = Self(rawValue: "invalid_request")
    /// A configuration file, flag or environment variable is wrong.
    package static let invalidConfiguration = Self(rawValue: "invalid_configuration")
    /// A command line argument is wrong.
    package static let usage = Self(rawValue: "usage")
    /// What was asked for does not exist.
    package static let notFound = Self(rawValue: "not_found")
    /// Credentials are missing or were refused.
    package static let unauthorized = Self(rawValue: "unauthorized")
    /// The other side cannot be reached at all.
    package static let unreachable = Self(rawValue: "unreachable")
    /// The other side answered in a way that its protocol does not allow, or that we do not understand.
    package static let protocolViolation = Self(rawValue: "protocol_violation")
    /// A server shows a certificate that nobody we trust has signed, or that is for another name.
    package static let certificateUntrusted = Self(rawValue: "certificate_untrusted")
    /// A TLS connection cannot be agreed on.
    package static let tlsFailed = Self(rawValue: "tls_failed")
    /// Bytes do not have the digest or size that was promised for them.
    package static let corrupted = Self(rawValue: "corrupted")
    /// A limit of the configuration or of the system was reached.
    package static let limitExceeded = Self(rawValue: "limit_exceeded")
    /// A system call failed.
    package static let system = Self(rawValue: "system")
    /// The work was cancelled.
    package static let cancelled = Self(rawValue: "cancelled")
    /// A deadline passed.
    package static let deadlineExceeded = Self(rawValue: "deadline_exceeded")
    /// Something that cannot be, is: a defect of Slipway.
    package static let `internal` = Self(rawValue: "internal")
}

extension BuildFailure {
    /// The failure of work that was cancelled while `operation` ran.
    package static func cancelled(operation: String) -> BuildFailure {
        BuildFailure(.cancelled, .cancelled, operation: operation, message: "Cancelled.")
    }

    /// The failure of work that ran into its deadline.
    ///
    /// - Parameter message: what took too long, how long it was given, and which setting gives it more.
    package static func timedOut(operation: String, message: String) -> BuildFailure {
        BuildFailure(.timedOut, .deadlineExceeded, operation: operation, message: message, isRetryable: true)
    }

    /// Any error as a failure: itself, a cancellation, or an internal failure that carries its description.
    package init(_ error: any Error, operation: String) {
        switch error {
        case let failure as BuildFailure: self = failure
        case is CancellationError: self = .cancelled(operation: operation)
        default:
            self.init(
                .platform,
                .internal,
                operation: operation,
                message: "An unexpected error ended \(operation).",
                cause: String(describing: error)
            )
        }
    }
}
