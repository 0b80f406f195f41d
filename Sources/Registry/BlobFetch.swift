internal import BuildModel
internal import HTTPTransport
internal import Platform

extension RegistrySession {
    /// Downloads a blob into a nameless file: distribution spec, "Pulling blobs". What breaks off goes on where it was.
    ///
    /// - Throws: `BuildFailure`: `corrupted` if digest or size are not as promised; others by status.
    func blob(_ descriptor: Descriptor, in repository: Repository, spool directory: String) async throws
        -> any BlobContent
    {
        let request = try blobRequest(.get, descriptor, in: repository)
        let spool = try VerifyingSpool(descriptor, in: directory)
        let http = http
        let exchange: Exchange = { exchange in
            var exchange = exchange
            let start = spool.size
            if start > 0 { exchange.headers["Range"] = "bytes=\(start)-" }
            return try await http.download(exchange) { head throws(BuildFailure) in
                // A server may send all of it again, or some other part.
                let sent = head.status == 206 ? ByteRange.content(head.headers["Content-Range"])?.start ?? -1 : 0
                try spool.begin(at: sent)
            } to: { bytes throws(BuildFailure) in
                try spool.append(bytes)
            }
        }
        return try await bulkSlots.withSlot(repository.base.authority) {
            var (response, body) = try await send(request, via: exchange)
            if response.status == 416, spool.size > 0 {
                try spool.begin(at: 0)
                (response, body) = try await send(request, via: exchange)
            }
            guard response.isSuccess else { throw failure(request, response, body) }
            return try spool.finish()
        }
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
