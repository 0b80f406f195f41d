internal import BuildModel
internal import HTTPTransport
internal import Platform
internal import Synchronization

extension RegistrySession {
    /// Downloads a blob into a nameless file: distribution spec, "Pulling blobs".
    ///
    /// - Throws: `BuildFailure`: `corrupted` if digest or size are not as promised; others by status.
    func blob(_ descriptor: Descriptor, in repository: Repository, spool directory: String) async throws
        -> any BlobContent
    {
        let request = try blobRequest(.get, descriptor, in: repository)
        let latest = Mutex<VerifyingSpool?>(nil)
        let http = http
        let (response, body) = try await send(request) { exchange in
            // Each try begins a file of its own, so that a broken one leaves nothing behind.
            let spool = try VerifyingSpool(descriptor, in: directory)
            latest.withLock { $0 = spool }
            return try await http.download(exchange) { bytes throws(BuildFailure) in try spool.append(bytes) }
        }
        guard response.isSuccess, let spool = latest.withLock({ $0 }) else { throw failure(request, response, body) }
        return try spool.finish()
    }

    /// Gets a small blob, such as a config, into memory.
    func smallBlob(_ descriptor: Descriptor, in repository: Repository, attempts: Int) async throws -> [UInt8] {
        var request = try blobRequest(.get, descriptor, in: repository)
        request.limits.responseBytes = 8 << 20
        let (_, body) = try await send(request, attempts: attempts, expecting: [200])
        let digest = Digest(of: body)
        guard digest == descriptor.digest, body.count == descriptor.size else {
            throw request.wrongDigest(descriptor.digest.description, digest)
        }
        return body
    }

    private func blobRequest(
        _ method: HTTPRequest.Method,
        _ descriptor: Descriptor,
        in repository: Repository
    ) throws(BuildFailure) -> RegistryRequest {
        let url = try repository.url("blobs/\(descriptor.digest)")
        var request = RegistryRequest(
            method,
            url,
            in: repository,
            actions: "pull",
            purpose: "get the blob \(descriptor.digest)"
        )
        request.limits.total = nil
        return request
    }
}
