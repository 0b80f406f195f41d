internal import BuildModel

extension Deployer {
    /// Makes the namespace if it is not there and the configuration wants that. It belongs to nobody in particular afterwards.
    func makeNamespace(_ intent: DeploymentIntent, _ confirm: @escaping @Sendable () async throws -> Void) async throws
    {
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
    func settleIngress(_ intent: DeploymentIntent, _ writer: FencedWriter, _ log: any BuildLog) async throws {
        let name = client.settings.template.name(of: .ingress, project: intent.stamp.projectID)
        guard intent.domain == nil else {
            if Manifests.ingress(intent) == nil {
                log.say("Warning: the template has no Ingress, so nothing routes customDomain to the app.", .deploying)
            }
            return
        }
        guard let name else { return }
        do {
            guard try await writer.remove(.ingress, intent.namespace, name) else { return }
        } catch let failure as BuildFailure where [.forbidden, .deploymentConflict].contains(failure.code) {
            return
        }
        log.say("Deleted the Ingress '\(name)': the app has no domain any more.", .deploying)
    }
}
