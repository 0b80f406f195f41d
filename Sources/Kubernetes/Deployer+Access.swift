package import BuildModel

extension Deployer {
    /// Whether the cluster answers and lets this account deploy: what `slipway doctor` and a worker at its start want to know.
    ///
    /// - Throws: `BuildFailure` if the credentials cannot be used or are refused.
    package func access() async throws -> HealthVerdict {
        let (preflight, namespace) = (Preflight(client: client.impatient), settings.namespace)
        let origin = client.credentials.origin
        let remedy = "kubectl -n \(namespace) apply -f config/kubernetes/deployer.yaml has the rights."
        do {
            let missing = try await preflight.missing(Preflight.rights(in: namespace))
            guard missing.isEmpty else { return .problem("\(origin) \(Preflight.words(missing)).", remedy: remedy) }
            let further = try await preflight.missing(Preflight.furtherRights(in: namespace))
            guard further.isEmpty else { return .warning("\(origin) \(Preflight.words(further)).", remedy: remedy) }
            return .ok("\(client.credentials.server) answers, and namespace '\(namespace)' may be deployed to.")
        } catch let failure as BuildFailure where failure.isRetryable {
            return .warning("\(failure)", remedy: "Builds are made; deployments are tried again while it lasts.")
        }
    }
}
