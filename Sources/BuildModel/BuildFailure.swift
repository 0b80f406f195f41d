/// Why a build, or a part of one, did not go as wanted: the one error that crosses module boundaries.
///
/// It says whose fault it is, what was being done, what went wrong in words a person can act on, and whether doing
/// the same again may help. One place (the command line's exit codes) maps it to a process status, and one
/// (the worker) to the state of the build.
package struct BuildFailure: Error, Sendable, Hashable {
    /// Who has to act.
    package enum Fault: String, Sendable, Hashable, CaseIterable {
        /// The repository, the request or a file in it: the person who asked for the build.
        case code
        /// The node, the network, Redis, a registry, the cluster: the operator.
        case platform
        /// Somebody asked for the build to stop.
        case cancelled
        /// A deadline passed.
        case timedOut = "timed_out"
    }

    /// A stable, machine-readable name of the failure, such as `branch_not_found`. Open: modules add their own.
    package struct Code: RawRepresentable, Sendable, Hashable {
        package let rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }
    }

    package var fault: Fault
    package var code: Code
    /// What was being done, as a dotted name: `git.fetch`, `registry.push`.
    package var operation: String
    /// One sentence or two for a person: what went wrong, where, and what to do. Never contains a secret.
    package var message: String
    /// The words of the layer below (a library, a server), if they add something.
    package var cause: String?
    /// Whether the same attempt may succeed later without anybody changing anything.
    package var isRetryable: Bool

    package init(
        _ fault: Fault,
        _ code: Code,
        operation: String,
        message: String,
        cause: String? = nil,
        isRetryable: Bool = false
    ) {
        self.fault = fault
        self.code = code
        self.operation = operation
        self.message = message
        self.cause = cause
        self.isRetryable = isRetryable
    }
}

extension BuildFailure: CustomStringConvertible {
    /// The message with its cause, on one line: what a terminal shows after `error: `.
    package var description: String {
        guard let cause, !cause.isEmpty else { return message }
        return "\(message) (\(cause))"
    }
}
