internal import BuildModel
internal import HTTPTransport
internal import Platform
internal import Synchronization

/// An upload that a registry opened: distribution spec, "Pushing blobs".
struct OpenUpload: Sendable, Hashable {
    /// Where it goes on.
    var location: HTTPURL
    /// The bytes that each chunk but the last has to have: `OCI-Chunk-Min-Length`.
    var smallestChunk: Int64

    /// Reads the answer that opened it.
    ///
    /// - Throws: `BuildFailure` with code `protocol_violation` if it says no place that may be used.
    init(_ response: HTTPResponse, to request: RegistryRequest, _ session: RegistrySession) throws(BuildFailure) {
        location = try session.location(in: response, of: request)
        let least = response.headers["OCI-Chunk-Min-Length"].flatMap { Int64($0) } ?? 0
        smallestChunk = min(max(0, least), 1 << 30)
    }
}

/// An upload on its way from who opened it to who goes on with it: whoever takes it has to close it.
final class HandedUpload: Sendable {
    private let upload = Mutex<OpenUpload?>(nil)

    func put(_ opened: OpenUpload?) { upload.withLock { $0 = opened } }

    func take() -> OpenUpload? {
        upload.withLock { upload in
            defer { upload = nil }
            return upload
        }
    }
}

extension RegistrySession {
    /// Closes an upload that nobody will go on with: distribution spec, "Cancel a blob upload". Not every registry allows it and none
    /// needs it, so it is tried once and not for long, also where the work was cancelled.
    func close(_ location: HTTPURL, in target: Repository, _ descriptor: Descriptor) async {
        await close(location, in: target, purpose: "close the upload of the blob \(descriptor.digest)")
    }

    /// The same for an upload that was opened for no blob.
    func close(_ location: HTTPURL, in target: Repository, purpose: String) async {
        var request = RegistryRequest(.delete, location, in: target, actions: "pull,push", purpose: purpose)
        request.limits = Self.farewell
        let closing = request
        try? await inTheEnd { [self] in _ = try await send(closing, attempts: 1) }
    }

    /// Limits of a request that tidies up.
    static let farewell: HTTPLimits = {
        var limits = HTTPLimits()
        limits.connect = .seconds(2)
        limits.total = .seconds(3)
        return limits
    }()

    /// Runs `body` although the task may be cancelled, but not for long: gates and token servers may want more patience than a person
    /// who has asked for the end.
    func inTheEnd<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withoutCancellation {
            try await withDeadline(
                .seconds(4),
                failure: .timedOut(operation: "registry.close", message: "The registry does not answer in time."),
                body
            )
        }
    }
}
