internal import BuildModel
internal import Subprocess
internal import SystemPackage

/// Runs a credential helper to its end.
enum HelperProgram {
    /// - Returns: its standard output.
    /// - Throws: `BuildFailure`: `invalid_configuration` if it cannot be started; `unreachable`, which may be tried again, if it ends with
    ///   another status than 0, since whom it asks may be away for a moment. What it says on standard error is quoted, what it
    ///   says on standard output never is.
    static func run(_ helper: ExecPlugin.Configuration, _ environment: [String: String]) async throws -> [UInt8] {
        do {
            let result = try await Subprocess.run(
                helper.command.contains("/") ? .path(FilePath(helper.command)) : .name(helper.command),
                arguments: Arguments(helper.arguments),
                environment: .inherit.updating(
                    Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), $1) })
                ),
                input: .none,
                output: .bytes(limit: 1 << 20),
                error: .bytes(limit: 64 << 10)
            )
            guard case .exited(0) = result.terminationStatus else {
                let words = PlainText.line(String(decoding: result.standardError, as: UTF8.self), limit: 1000)
                throw trouble(helper, "failed (\(result.terminationStatus)).", cause: words.isEmpty ? nil : words)
            }
            return result.standardOutput
        } catch let failure as BuildFailure {
            throw failure
        } catch is CancellationError {
            throw BuildFailure.cancelled(operation: "kubernetes.credentials")
        } catch {
            let hint = helper.installHint.map { " " + PlainText.line($0, limit: 1000) } ?? ""
            throw failure(helper, "cannot be run.\(hint)", cause: String(describing: error))
        }
    }

    private static func trouble(
        _ helper: ExecPlugin.Configuration,
        _ reason: String,
        cause: String?
    ) -> BuildFailure {
        var failure = failure(helper, reason, cause: cause)
        (failure.code, failure.isRetryable) = (.unreachable, true)
        return failure
    }

    static func failure(_ helper: ExecPlugin.Configuration, _ reason: String, cause: String? = nil) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "kubernetes.credentials",
            message: "The helper '\(helper.command)' of \(helper.origin) \(reason)",
            cause: cause
        )
    }
}
