package import BuildModel
internal import Documents
internal import Platform

/// A helper program that says who we are: `client.authentication.k8s.io/v1`, and its predecessor `v1beta1`. What it said is kept until it
/// expires or the cluster refuses it.
package actor ExecPlugin {
    /// What a kubeconfig says about the program.
    package struct Configuration: Sendable, Hashable {
        package var apiVersion: String
        /// A path, or a name to be found in PATH.
        package var command: String
        package var arguments: [String]
        /// Set in addition to this process's own.
        package var environment: [String: String]
        /// What the program is told of the cluster; nil if it does not want to know.
        package var cluster: JSONValue?
        /// Where this comes from, for messages.
        package var origin: String
        package var installHint: String?
    }

    /// What the program answered.
    struct Credential: Sendable {
        var token: Redacted<String>?
        var certificate: [UInt8]?
        var key: Redacted<[UInt8]>?
        /// RFC 3339 in UTC; nil for as long as this process runs.
        var expiration: String?
    }

    package nonisolated let configuration: Configuration
    /// How long the program may take.
    static let limit = Duration.seconds(60)
    private var kept: Credential?

    package init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    /// What to show the cluster; runs the program where nothing that is kept will do.
    ///
    /// - Throws: `BuildFailure` with code `invalid_configuration` that says what the program did wrong.
    func credential() async throws -> Credential {
        if let kept, isFresh(kept) { return kept }
        let answer = try await run()
        kept = answer
        return answer
    }

    func forget() { kept = nil }

    /// RFC 3339 in UTC sorts as text. Anything else is not trusted to be kept.
    private func isFresh(_ credential: Credential) -> Bool {
        guard let expiration = credential.expiration else { return true }
        guard expiration.hasSuffix("Z") else { return false }
        let soon = Timestamp.text(seconds: SystemInformation.currentMilliseconds / 1000 + 10)
        return soon.dropLast() < expiration.prefix(19)
    }

    private func run() async throws -> Credential {
        let configuration = configuration
        var information: JSONValue = ["interactive": false]
        if let cluster = configuration.cluster { information["cluster"] = cluster }
        let request: JSONValue = [
            "apiVersion": .string(configuration.apiVersion), "kind": "ExecCredential", "spec": information,
        ]
        let environment = configuration.environment.merging(["KUBERNETES_EXEC_INFO": request.canonicalText]) { $1 }
        let late = BuildFailure.timedOut(
            operation: "kubernetes.credentials",
            message: "The helper '\(configuration.command)' of \(configuration.origin) took more than 60 s."
        )
        let output = try await withDeadline(Self.limit, failure: late) {
            try await HelperProgram.run(configuration, environment)
        }
        return try ExecAnswer.read(output, configuration)
    }
}

extension ExecPlugin: Hashable {
    package static func == (left: ExecPlugin, right: ExecPlugin) -> Bool { left === right }

    package nonisolated func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
