internal import BuildModel
internal import HTTPTransport
internal import Platform

extension RegistrySession {
    /// A blob of an image from the repository that a reference names, else from the other places of that image.
    func blob(_ descriptor: Descriptor, named reference: ImageReference, spool directory: String) async throws
        -> SpoolFile
    {
        let places = try settings.alternatives(to: reference)
        return try await spools.file("\(descriptor.digest) \(directory)") {
            var failures: [BuildFailure] = []
            for place in places {
                do {
                    return try await blob(descriptor, in: place, spool: directory)
                } catch {
                    let failure = BuildFailure(error, operation: "registry.fetch")
                    guard failure.fault != .cancelled else { throw failure }
                    failures.append(failure)
                }
            }
            throw Self.nowhere(failures)
        }
    }

    /// What the first place said counts: that is where the blob should be.
    private static func nowhere(_ failures: [BuildFailure]) -> BuildFailure {
        guard var failure = failures.first else { return .cancelled(operation: "registry.fetch") }
        let others = failures.dropFirst().map(\.message)
        if !others.isEmpty { failure.message += " Elsewhere: " + others.joined(separator: " ") }
        failure.isRetryable = failures.contains(where: \.isRetryable)
        return failure
    }

    /// Downloads a blob into a nameless file: distribution spec, "Pulling blobs". What breaks off goes on where it was.
    ///
    /// - Throws: `BuildFailure`: `corrupted` if digest or size are not as promised; others by status.
    private func blob(_ descriptor: Descriptor, in repository: Repository, spool directory: String) async throws
        -> SpoolFile
    {
        let request = try blobRequest(.get, descriptor, in: repository)
        let spool = try VerifyingSpool(descriptor, for: request, in: directory)
        let http = http
        let exchange: Exchange = { exchange in
            var exchange = exchange
            let start = spool.size
            if start > 0 { exchange.headers["Range"] = "bytes=\(start)-" }
            return try await http.download(exchange) { head throws(BuildFailure) in
                // A server may send all of it again, or some other part.
                let sent = head.status == 206 ? ByteRange.content(head.headers["Content-Range"])?.start ?? -1 : 0
                try spool.begin(at: sent, with: head)
            } to: { bytes throws(BuildFailure) in
                try spool.append(bytes)
            }
        }
        return try await bulkSlots.withSlot(repository.base.authority) {
            var (response, body) = try await receive(request, into: spool, via: exchange)
            if response.status == 416, spool.size > 0 {
                try spool.begin(at: 0, with: response)
                (response, body) = try await receive(request, into: spool, via: exchange)
            }
            guard response.isSuccess else { throw failure(request, response, body) }
            return try spool.finish()
        }
    }

    /// How much has to have come for the tries to count anew, as for uploads: a way that often breaks off ends no large download.
    private static let progress: Int64 = 1 << 20

    private func receive(
        _ request: RegistryRequest,
        into spool: VerifyingSpool,
        via exchange: @escaping Exchange
    ) async throws -> (HTTPResponse, [UInt8]) {
        while true {
            let before = spool.size
            do {
                return try await send(request, via: exchange)
            } catch let failure as BuildFailure where failure.isRetryable && spool.size >= before + Self.progress {
                continue
            }
        }
    }

    /// A part of a blob, in memory.
    func part(_ range: Range<Int64>, of descriptor: Descriptor, in repository: Repository) async throws -> [UInt8] {
        guard !range.isEmpty else { return [] }
        var request = try blobRequest(.get, descriptor, in: repository)
        request.headers["Range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        request.limits.responseBytes = 8 << 20
        let (response, body) = try await send(request, expecting: [200, 206])
        if response.status == 200, body.count == descriptor.size {
            let digest = Digest(of: body)
            guard digest == descriptor.digest else {
                throw request.wrongDigest(descriptor.digest.description, digest, response)
            }
            return Array(body[Int(range.lowerBound)..<Int(range.upperBound)])
        }
        guard ByteRange.content(response.headers["Content-Range"])?.start == range.lowerBound,
            body.count == range.count
        else {
            throw request.odd(
                response,
                "another part came than was asked for",
                advice: "Look at caches and proxies between here and the registry."
            )
        }
        return body
    }

    /// Gets a small blob, such as a config, into memory.
    func smallBlob(_ descriptor: Descriptor, in repository: Repository, attempts: Int) async throws -> [UInt8] {
        var request = try blobRequest(.get, descriptor, in: repository)
        request.limits.responseBytes = 8 << 20
        let (response, body) = try await send(request, attempts: attempts, expecting: [200])
        let digest = Digest(of: body)
        guard digest == descriptor.digest, body.count == descriptor.size else {
            throw request.wrongDigest(descriptor.digest.description, digest, response)
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
