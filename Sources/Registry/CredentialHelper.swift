internal import BuildModel
internal import Documents
internal import Platform
internal import Subprocess

/// Programs that hand out credentials: docker-credential-helpers' protocol. The registry goes in by standard input, the answer is
/// `{"ServerURL", "Username", "Secret"}`.
enum CredentialHelper {
    /// The helpers' own words for having none.
    private static let none = "credentials not found"

    /// Asks `docker-credential-<name>`; nil if it knows none.
    ///
    /// - Throws: `BuildFailure` with code `unauthorized` that says what the helper said, `invalid_configuration` if there is no such
    ///   program, `deadline_exceeded`.
    static func identity(from name: String, for server: String, path: String?) async throws -> Identity? {
        guard !name.isEmpty, name.utf8.allSatisfy(isNameByte) else {
            throw failure(.invalidConfiguration, name, "is not the name of a program")
        }
        let (status, output, complaint) = try await ran("docker-credential-\(name)", server, path)
        switch status {
        case 0: return try read(output, name)
        case 124, 137: throw late(name, server)
        case 126, 127: throw failure(.invalidConfiguration, name, "cannot be run: it is not on PATH")
        default: break
        }
        let words = RegistryError.plainText(output) ?? RegistryError.plainText(complaint)
        if words?.lowercased().contains(none) == true { return nil }
        throw failure(.unauthorized, name, "gave no credentials for \(server)", cause: words)
    }

    private static func late(_ name: String, _ server: String) -> BuildFailure {
        .timedOut(
            operation: "registry.credentials",
            message: "The credential helper 'docker-credential-\(name)' was ended before it answered for \(server)."
        )
    }

    /// The shell hands the registry over: a helper that ends before it has read it is then no affair of this process. It becomes
    /// `timeout`, which ends a helper together with what that started, and whose own sudden end the helper hears of.
    private static let script = """
        exec timeout -k 1 30 setpriv --pdeathsig TERM -- "$1" get <<END
        $2
        END
        """

    /// A cancelled build takes its helper along: `timeout` passes TERM on, and KILL after a second, but could not pass on what kills it.
    private static var options: PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = [.send(signal: .terminate, allowedDurationToNextStep: .seconds(5))]
        return options
    }

    private static func ran(
        _ program: String,
        _ server: String,
        _ path: String?
    ) async throws -> (status: Int32, output: [UInt8], complaint: [UInt8]) {
        do {
            let result = try await run(
                .name("sh"),
                arguments: ["-c", script, "sh", program, server],
                environment: path.map { .inherit.updating(["PATH": $0]) } ?? .inherit,
                platformOptions: options,
                input: .none,
                output: .bytes(limit: 1 << 20),
                error: .bytes(limit: 1 << 20)
            )
            // A helper that was ended with its build says nothing of itself.
            try Task.checkCancellation()
            let status: Int32 =
                switch result.terminationStatus {
                case .exited(let code): code
                case .signaled: 128
                }
            return (status, result.standardOutput, result.standardError)
        } catch is CancellationError {
            throw BuildFailure.cancelled(operation: "registry.credentials")
        } catch {
            throw failure(
                .invalidConfiguration,
                String(program.dropFirst(18)),
                "cannot be run",
                cause: String(describing: error)
            )
        }
    }

    private static func read(_ output: [UInt8], _ name: String) throws(BuildFailure) -> Identity? {
        guard let reply = try? JSONDocument.parse(output), let username = reply["Username"]?.string,
            let secret = reply["Secret"]?.string
        else { throw failure(.unauthorized, name, "answered with something that is not its protocol") }
        return secret.isEmpty ? nil : Identity(username: username, secret: Redacted(secret))
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "-_.".utf8.contains(byte)
    }

    private static func failure(
        _ code: BuildFailure.Code,
        _ name: String,
        _ what: String,
        cause: String? = nil
    ) -> BuildFailure {
        BuildFailure(
            .platform,
            code,
            operation: "registry.credentials",
            message: "The credential helper 'docker-credential-\(name.prefix(100))' \(what).",
            cause: cause
        )
    }
}
