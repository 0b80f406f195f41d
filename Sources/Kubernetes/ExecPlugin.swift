package import BuildModel
internal import Documents
internal import Platform

/// A helper program that says who we are: `client.authentication.k8s.io/v1`, and its predecessor `v1beta1`. What it said is kept until it
/// expires or the cluster refuses it. It runs once at a time, for all who ask meanwhile.
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
        /// RFC 3339; nil for as long as this process runs.
        var expiration: String?
    }

    package nonisolated let configuration: Configuration
    /// How long the program may take.
    static let limit = Duration.seconds(60)
    private var kept: Credential?
    /// How often the program has answered or failed, and how it failed the last time.
    private var runs = 0
    private var failure: BuildFailure?
    private let turn = KeyedSlots<Int>(width: 1, operation: "kubernetes.credentials")

    package init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    /// What to show the cluster; runs the program where nothing that is kept will do.
    ///
    /// - Throws: `BuildFailure` that says what the program did wrong: `invalid_configuration` if it cannot be run or answers something
    ///   else; what may be tried again if it failed (`unreachable`) or took too long.
    func credential() async throws -> Credential {
        if let kept, isFresh(kept) { return kept }
        let before = runs
        return try await turn.withSlot(0) { @Sendable in try await answer(since: before) }
    }

    /// Forgets what the cluster has refused, unless something else is kept by now.
    func forget(token: String?, certificate: [UInt8]?) {
        guard let kept, kept.token?.exposed == token else { return }
        // Without one of its own the request has that of the kubeconfig, if any.
        guard kept.certificate == nil || kept.certificate == certificate else { return }
        self.kept = nil
    }

    /// What the program says; what it said while the turn was waited for, if it ran then.
    private func answer(since before: Int) async throws -> Credential {
        if let kept, runs != before || isFresh(kept) { return kept }
        if runs != before, let failure { throw failure }
        do {
            let answer = try await run()
            (kept, failure) = (answer, nil)
            runs += 1
            return answer
        } catch let failure as BuildFailure where failure.fault != .cancelled {
            // Who waited for this run gets what came of it, and not what was there before.
            (kept, self.failure) = (nil, failure)
            runs += 1
            throw failure
        }
    }

    /// What cannot be read as a time is not trusted to be kept.
    private func isFresh(_ credential: Credential) -> Bool {
        guard let expiration = credential.expiration else { return true }
        guard let end = Timestamp.seconds(parsing: expiration) else { return false }
        return end > SystemInformation.currentMilliseconds / 1000 + 10
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
            message: "The helper '\(configuration.command)' of \(configuration.origin) took more than "
                + "\(Int(Self.limit.seconds)) s."
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
