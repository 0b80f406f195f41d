internal import BuildModel
internal import HTTPTransport
internal import Platform

/// An upload that a registry opened: distribution spec, "Pushing blobs".
struct OpenUpload: Sendable, Hashable {
    /// Where it goes on.
    var location: HTTPURL
    /// The bytes that each chunk but the last has to have: `OCI-Chunk-Min-Length`.
    var smallestChunk: Int64

    /// Reads the answer that opened it.
    ///
    /// - Throws: `BuildFailure` with code `protocol_violation` if it says no place that may be used.
    init(_ response: HTTPResponse, _ session: RegistrySession, _ target: Repository) throws(BuildFailure) {
        location = try session.location(in: response, of: try HTTPURL(parsing: response.url), target)
        let least = response.headers["OCI-Chunk-Min-Length"].flatMap { Int64($0) } ?? 0
        smallestChunk = min(max(0, least), 1 << 30)
    }
}

extension RegistrySession {
    /// Closes an upload that nobody will go on with. Not every registry allows it, and none needs it.
    func close(_ location: HTTPURL, in target: Repository, _ descriptor: Descriptor) async {
        var request = RegistryRequest(
            .delete,
            location,
            in: target,
            actions: "pull,push",
            purpose: "close the upload of the blob \(descriptor.digest)"
        )
        request.limits.total = .seconds(5)
        let closing = request
        _ = try? await withoutCancellation { [self] in try await send(closing, attempts: 1) }
    }
}
