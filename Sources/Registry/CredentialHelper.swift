internal import BuildModel
internal import Documents
internal import Platform
internal import Subprocess

/// Programs that hand out credentials: docker-credential-helpers' protocol. The registry goes in by standard input, the answer is
/// `{"ServerURL", "Username", "Secret"}`.
enum CredentialHelper {
    private static let patience = Duration.seconds(30)
    /// The helpers' own words for having none.
    private static let none = "credentials not found"

    /// Asks `docker-credential-<name>`; nil if it knows none.
    ///
    /// - Throws: `BuildFailure` with code `unauthorized` that says what the helper said, `invalid_configuration` if there is no such
    ///   program, `deadline_exceeded`.
    static func identity(from name: String, for server: String) async throws -> Identity? {
        guard !name.isEmpty, name.utf8.allSatisfy(isNameByte) else {
            throw failure(.invalidConfiguration, name, "is not the name of a program")
        }
        let late = BuildFailure.timedOut(
            operation: "registry.credentials",
            message: "The credential helper 'docker-credential-\(name)' did not answer for \(server) within 30 s."
        )
        return try await withDeadline(patience, failure: late) { try await ask(name, server) }
    }

    private static func ask(_ name: String, _ server: String) async throws -> Identity? {
        let (isSuccess, output, complaint) = try await ran("docker-credential-\(name)", name, server)
        guard isSuccess else {
            let words = RegistryError.plainText(output) ?? RegistryError.plainText(complaint)
            if words?.lowercased().contains(none) == true { return nil }
            throw failure(.unauthorized, name, "gave no credentials for \(server)", cause: words)
        }
        return try read(output, name)
    }

    private static func ran(
        _ program: String,
        _ name: String,
        _ server: String
    ) async throws -> (isSuccess: Bool, output: [UInt8], complaint: [UInt8]) {
        do {
            let result = try await run(
                .name(program),
                arguments: ["get"],
                input: .array(Array(server.utf8)),
                output: .bytes(limit: 1 << 20),
                error: .bytes(limit: 1 << 20)
            )
            return (result.terminationStatus.isSuccess, result.standardOutput, result.standardError)
        } catch is CancellationError {
            throw BuildFailure.cancelled(operation: "registry.credentials")
        } catch {
            throw failure(.invalidConfiguration, name, "cannot be run", cause: String(describing: error))
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
