internal import BuildModel

extension Deployer {
    /// Finds what the project has in the namespace that its template does not make any more, and deletes it where the configuration
    /// says so; else says what is there. The app runs whether or not this succeeds.
    func settleLeftovers(
        _ objects: [ManifestObject],
        _ intent: DeploymentIntent,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async {
        // Where each build has objects of its own, those of other builds are meant to be there.
        guard !client.settings.template.isPerBuild else { return }
        do {
            for leftover in try await leftovers(objects, intent) { try await settle(leftover, intent, writer, log) }
        } catch {
            let failure = BuildFailure(error, operation: "kubernetes.prune")
            log.say("Warning: what earlier templates have left could not be tidied: \(failure)", .deploying)
        }
    }

    private func leftovers(_ objects: [ManifestObject], _ intent: DeploymentIntent) async throws -> [ManifestObject] {
        var found: [ManifestObject] = []
        let label = "\(Manifests.projectLabel)=\(LabelValue.make(intent.stamp.projectID))"
        for kind in [ClusterResource.ingress, .service, .deployment] {
            let list = ClusterRequest(.list, kind, namespace: intent.namespace, query: [("labelSelector", label)])
            for object in try await client.send(list).object["items"]?.array ?? [] {
                let name = object["metadata"]?["name"]?.string ?? ""
                guard Ownership(of: object).project == intent.stamp.projectID, ManagedFields(of: object).areOurs,
                    object["metadata"]?["deletionTimestamp"] == nil,
                    !objects.contains(where: { $0.kind == kind && $0.name == name })
                else { continue }
                found.append(ManifestObject(kind: kind, name: name, manifest: object))
            }
        }
        return found
    }

    private func settle(
        _ leftover: ManifestObject,
        _ intent: DeploymentIntent,
        _ writer: FencedWriter,
        _ log: any BuildLog
    ) async throws {
        let (kind, name) = (leftover.kind, leftover.name)
        let subject = ClusterRequest(.get, kind, namespace: intent.namespace, name: name).subject
        guard client.settings.prunes else {
            return log.say(
                "Warning: the \(subject) is of this project, and the template does not make it any more. It stays; delete it "
                    + "(kubectl -n \(intent.namespace) delete \(kind.rawValue.lowercased()) \(name)) or set kubernetes.prune.",
                .deploying
            )
        }
        guard try await writer.remove(kind, intent.namespace, name) else { return }
        log.say("Deleted the \(subject), which the template does not make any more.", .deploying)
    }
}
