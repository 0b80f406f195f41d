package import BuildModel
internal import HTTPTransport
internal import Platform

extension RegistryClient {
    /// A blob's bytes on this node; downloaded, with digest and size checked, if they are in a registry.
    ///
    /// Memory stays bounded whatever the size. What breaks off goes on where it was; where a place has not got the blob, or gives
    /// something else, the other mirrors of the image and its own registry are asked. Two that want the same blob at the same
    /// time into the same directory download it once.
    ///
    /// - Parameter spoolDirectory: an existing directory that gets a nameless file. A `SpoolFile` that comes back can be given a
    ///   name in that file system by `commit(as:)`, without another copy.
    /// - Returns: all of the bytes; those of a registry are the ones that the descriptor promises.
    /// - Throws: `BuildFailure`: `corrupted` if a registry sends something else; others by status.
    package func fetchBlob(_ blob: ImageBlob, spoolDirectory: String) async throws -> any BlobContent {
        switch blob.source {
        case .local(let content): return content
        case .deferred(let make): return try await make()
        case .registry(let reference):
            return try await session.blob(blob.descriptor, named: reference, spool: spoolDirectory)
        }
    }

    /// Part of a blob, up to 8 MiB, in memory: an index at its end, the head of an archive. RFC 9110, section 14.
    ///
    /// A part has no digest of its own: what it says has to be checked against something that has.
    ///
    /// - Parameters:
    ///   - reference: the repository that has the blob.
    ///   - range: bytes from 0; cut at the blob's end.
    /// - Throws: `BuildFailure`: `protocol_violation` if the registry sends another part; others by status.
    package func fetchPart(
        of descriptor: Descriptor,
        in reference: ImageReference,
        range: Range<Int64>
    ) async throws -> [UInt8] {
        let repository = try session.settings.repository(of: reference)
        return try await session.part(range.clamped(to: 0..<descriptor.size), of: descriptor, in: repository)
    }

    /// Whether a repository has a blob: one question, and nothing is downloaded.
    package func holdsBlob(_ descriptor: Descriptor, in reference: ImageReference) async throws -> Bool {
        try await session.hasBlob(descriptor, in: session.settings.repository(of: reference))
    }
}
