import ArgumentParser
import BuildModel
import GitStore
import Kubernetes
import Platform
import Telemetry

/// The one place that turns errors into exit codes: sysexits(3) where one fits. docs/exit-codes.md is for people.
enum ExitStatus: Int32, CaseIterable {
    case ok = 0
    /// The command line is wrong (EX_USAGE).
    case usage = 64
    /// The repository, the request or a file in it cannot be built (EX_DATAERR).
    case code = 65
    /// What was named does not exist (EX_NOINPUT).
    case noInput = 66
    /// A service cannot be reached (EX_UNAVAILABLE).
    case unavailable = 69
    /// A defect of Slipway (EX_SOFTWARE).
    case software = 70
    /// The operating system refused something (EX_OSERR).
    case system = 71
    /// Output cannot be written: a full disk (EX_IOERR).
    case ioError = 74
    /// A failure that may pass: try again (EX_TEMPFAIL).
    case temporary = 75
    /// Another program answered in a way that it must not (EX_PROTOCOL).
    case protocolViolation = 76
    /// Credentials or a right are missing, or were refused (EX_NOPERM).
    case noPermission = 77
    /// The configuration is wrong (EX_CONFIG).
    case configuration = 78
    /// Cancelled by a signal, as shells report SIGINT.
    case cancelled = 130
    /// Whoever read the output went away, as shells report SIGPIPE.
    case brokenPipe = 141

    /// The status for a failure: by its code where the code has one, else by whose fault it is.
    init(_ failure: BuildFailure) {
        switch failure.code {
        case .usage: self = .usage
        case .invalidConfiguration: self = .configuration
        case .unauthorized, .forbidden: self = .noPermission
        case .unreachable: self = .unavailable
        case .protocolViolation, .corrupted, .certificateUntrusted, .hostKeyMismatch: self = .protocolViolation
        case .notFound: self = .noInput
        case .system: self = .system
        case .internal: self = .software
        default: self.init(fault: failure.fault, isRetryable: failure.isRetryable)
        }
    }

    private init(fault: BuildFailure.Fault, isRetryable: Bool) {
        switch fault {
        case .code: self = .code
        case .platform: self = isRetryable ? .temporary : .software
        case .timedOut: self = .temporary
        case .cancelled: self = .cancelled
        }
    }

    /// Says what went wrong on standard error and ends the process.
    static func leave(with error: any Error) -> Never {
        if let failure = error as? BuildFailure {
            let code = failure.code.rawValue
            StandardError.write("slipway: \(code): \(words(of: failure))")
            end(ExitStatus(failure))
        }
        if error is CancellationError { end(.cancelled) }
        // ArgumentParser words its own errors, help and version included; its code for validation errors is EX_USAGE.
        Slipway.exit(withError: error)
    }

    /// Ends the process, leaving nothing temporary behind.
    static func end(_ status: ExitStatus) -> Never {
        ScratchDirectories.removeAll()
        SystemInformation.exit(status.rawValue)
    }

    /// What may come from strangers is made plain; the problems of a configuration are lines of their own.
    private static func words(of failure: BuildFailure) -> String {
        guard failure.code == .invalidConfiguration else { return TerminalText.plain(failure.description) }
        return failure.description.split(separator: "\n").map { TerminalText.plain(String($0)) }.joined(separator: "\n")
    }
}
