internal import BuildModel
internal import HTTPTransport
internal import Synchronization

/// What came of asking for a mount.
enum MountOutcome: Sendable, Hashable {
    case mounted
    /// With the upload that the registry opened instead, if it did.
    case refused(OpenUpload?)
}

/// What a registry said to one request for a mount.
private enum MountAnswer: Sendable {
    case mounted
    /// It opened an upload instead, or did not.
    case refused(OpenUpload?)
    /// Which may be for the token's sake.
    case notAllowed
    /// Nothing about the blob: it was not reached, is busy or broken.
    case failed
}

extension RegistrySession {
    /// Repositories that are tried for one blob; where a host was never seen to mount, one.
    private static let tries = 3

    /// Takes a blob over from another repository of the same registry, if one is known that has it.
    func mount(_ blob: ImageBlob, into target: Repository) async throws -> MountOutcome {
        var opened: OpenUpload?
        let sources = try await mountSources(of: blob, for: target)
        do {
            for source in sources.prefix(knowledge[target.base.authority].mounts == false ? 1 : Self.tries) {
                switch try await mount(blob.descriptor, from: source, into: target) {
                case .mounted:
                    if let opened { await close(opened.location, in: target, blob.descriptor) }
                    return .mounted
                case .refused(let upload):
                    await forgetSighting(of: blob.descriptor, in: source)
                    if let upload, opened != nil { await close(upload.location, in: target, blob.descriptor) }
                    opened = opened ?? upload
                case .notAllowed: await forgetSighting(of: blob.descriptor, in: source)
                // Forgotten, it would be forgotten by all nodes, for what only this one met.
                case .failed: continue
                }
            }
        } catch {
            if let opened { await close(opened.location, in: target, blob.descriptor) }
            throw error
        }
        return .refused(opened)
    }

    /// Remembers where a blob is.
    func saw(_ descriptor: Descriptor, in repository: Repository) async {
        await sightings.see(sighting(of: descriptor, in: repository), in: repository.name)
    }

    /// The registry said that it does not have a blob there, or does not give it.
    private func forgetSighting(of descriptor: Descriptor, in source: Repository) async {
        await sightings.forget(sighting(of: descriptor, in: source), in: source.name)
    }

    /// The repositories of the same registry that have the blob as far as is known, the likeliest first.
    private func mountSources(of blob: ImageBlob, for target: Repository) async throws -> [Repository] {
        var sources: [Repository] = []
        if case .registry(let reference) = blob.source {
            let source = try settings.repository(of: reference)
            if source.base == target.base { sources.append(source) }
        }
        for name in await sightings.places(of: sighting(of: blob.descriptor, in: target)) {
            sources.append(Repository(registry: target.registry, base: target.base, name: name))
        }
        var seen: Set<String> = [target.name]
        return sources.filter { seen.insert($0.name).inserted }
    }

    private func sighting(of descriptor: Descriptor, in repository: Repository) async -> BlobSightings.Key {
        let identity = try? await identities.identity(for: repository)
        return BlobSightings.Key(
            tenant: tenant,
            origin: repository.base.text,
            identity: identity?.username,
            digest: descriptor.digest,
            isShared: MediaType.ociEquivalent(of: descriptor.mediaType) != MediaType.ociConfig
        )
    }

    /// Asks for a blob to be taken over from another repository: distribution spec, "Mounting a blob from another repository".
    ///
    /// A mount only saves work: whatever goes wrong with it, the upload follows. Some token servers refuse a token altogether when one
    /// of its scopes may not be given: then the mount is asked for with the target's alone.
    private func mount(
        _ descriptor: Descriptor,
        from source: Repository,
        into target: Repository
    ) async throws -> MountAnswer {
        let digest = PercentEncoding.encode(descriptor.digest.description)
        let url = try target.url("blobs/uploads/?mount=\(digest)&from=\(PercentEncoding.encode(source.name))")
        let purpose = "mount the blob \(descriptor.digest)"
        let request = RegistryRequest(.post, url, in: target, actions: "pull,push", purpose: purpose)
        var both = request
        both.scopes.append(source.scope("pull"))
        let answer = try await tryMount(both)
        // Without tokens the second request would be the first again.
        guard case .notAllowed = answer, challenges.withLock({ $0[target.base.text]?.scheme == "bearer" })
        else { return answer }
        return try await tryMount(request)
    }

    private func tryMount(_ request: RegistryRequest) async throws -> MountAnswer {
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
                return .refused(try? OpenUpload(response, to: request, self))
            case 401, 403: return .notAllowed
            case 408, 429, 500...: return .failed
            default: return .refused(nil)
            }
        } catch let failure as BuildFailure where failure.fault != .cancelled {
            return failure.code == .unauthorized ? .notAllowed : .failed
        }
    }
}
