internal import BuildModel

extension Deployer {
    /// Makes the namespace if it is not there and the configuration wants that. It belongs to nobody in particular afterwards.
    func makeNamespace(_ intent: DeploymentIntent, _ confirm: @Sendable () async throws -> Void) async throws {
        guard client.settings.createsNamespace else { return }
        let name = intent.namespace
        do {
            _ = try await client.send(ClusterRequest(.get, .namespace, namespace: name, name: name))
        } catch let failure as BuildFailure where failure.code == .notFound {
            let manifest: JSONValue = [
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": ["name": .string(name), "labels": ["app.kubernetes.io/managed-by": "slipway"]],
            ]
            do {
                let request = ClusterRequest(.create, .namespace, namespace: name, name: name, body: manifest)
                _ = try await client.send(request, confirm: confirm)
            } catch let failure as BuildFailure where failure.code == .objectChanged {
                return
            }
        }
    }

    /// Deletes the Ingress of an app that has no domain any more. Whoever may not look at one has none of ours.
    func removeIngress(_ intent: DeploymentIntent, _ writer: FencedWriter, _ log: any BuildLog) async throws {
        let found: JSONValue?
        do {
            found = try await writer.check(.ingress, intent.namespace, intent.name)
        } catch let failure as BuildFailure where [.forbidden, .deploymentConflict].contains(failure.code) {
            return
        }
        guard let found else { return }
        try await writer.delete(found, .ingress, intent.namespace, intent.name)
        log.say("Deleted the Ingress '\(intent.name)': the app has no domain any more.", .deploying)
    }
}
