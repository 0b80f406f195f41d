internal import BuildModel
internal import HTTPTransport
internal import Synchronization

/// What came of asking for a mount.
enum MountOutcome: Sendable, Hashable {
    case mounted
    /// With the upload that the registry opened instead, if it did.
    case refused(session: HTTPURL?)
}

extension RegistrySession {
    /// The repository of the same registry that has the blob, if that is known.
    func mountSource(of blob: ImageBlob, for target: Repository) throws(BuildFailure) -> Repository? {
        guard case .registry(let reference) = blob.source else { return nil }
        let source = try settings.repository(of: reference)
        return source.base == target.base && source.name != target.name ? source : nil
    }

    /// Asks for a blob to be taken over from another repository: distribution spec, "Mounting a blob from another repository".
    ///
    /// A mount only saves work: whatever goes wrong with it, the upload follows. Some token servers refuse a token altogether when one
    /// of its scopes may not be given: then the mount is asked for with the target's alone.
    func mount(
        _ descriptor: Descriptor,
        from source: Repository,
        into target: Repository
    ) async throws -> MountOutcome {
        let digest = PercentEncoding.encode(descriptor.digest.description)
        let url = try target.url("blobs/uploads/?mount=\(digest)&from=\(PercentEncoding.encode(source.name))")
        let purpose = "mount the blob \(descriptor.digest)"
        let request = RegistryRequest(.post, url, in: target, actions: "pull,push", purpose: purpose)
        var both = request
        both.scopes.append(source.scope("pull"))
        if let outcome = try await tryMount(both) { return outcome }
        // Without tokens the second request would be the first again.
        guard challenges.withLock({ $0[target.base.text]?.scheme == "bearer" }) else { return .refused(session: nil) }
        return try await tryMount(request) ?? .refused(session: nil)
    }

    /// Nil when it was not allowed, which may be for the token's sake.
    private func tryMount(_ request: RegistryRequest) async throws -> MountOutcome? {
        do {
            let (response, _) = try await send(request, attempts: 1)
            let host = request.repository.base.authority
            switch response.status {
            case 201:
                knowledge.learn(host) { $0.mounts = true }
                return .mounted
            case 200, 202, 204:
                // A registry that mounts may refuse this one blob.
                knowledge.learn(host) { $0.mounts = $0.mounts ?? false }
                let base = try HTTPURL(parsing: response.url)
                return .refused(session: try? location(in: response, of: base, request.repository))
            case 401, 403: return nil
            default: return .refused(session: nil)
            }
        } catch let failure as BuildFailure where failure.fault != .cancelled {
            return failure.code == .unauthorized ? nil : .refused(session: nil)
        }
    }
}
