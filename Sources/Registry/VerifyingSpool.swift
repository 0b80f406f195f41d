internal import BuildModel
internal import HTTPTransport
internal import Platform
internal import Synchronization

/// A blob on its way in: kept in a nameless file, hashed as it arrives, given out only when digest and size are right.
final class VerifyingSpool: Sendable {
    private struct Progress {
        var file: SpoolFile
        var hasher = SHA256Hasher()
        /// The latest answer, for messages.
        var response: HTTPResponse?
    }

    private let request: RegistryRequest
    private let descriptor: Descriptor
    private let directory: String
    private let progress: Mutex<Progress>

    /// - Throws: `BuildFailure` with code `system` if the directory takes no file.
    init(_ descriptor: Descriptor, for request: RegistryRequest, in directory: String) throws(BuildFailure) {
        self.request = request
        self.descriptor = descriptor
        self.directory = directory
        progress = Mutex(Progress(file: try SpoolFile(in: directory)))
    }

    /// Bytes so far.
    var size: Int64 { progress.withLock { $0.file.size } }

    /// Says what comes next: the bytes from `offset` on, which is where we are or the start.
    ///
    /// - Parameter response: what brings them.
    ///
    /// - Throws: `BuildFailure` with code `corrupted` for any other place.
    func begin(at offset: Int64, with response: HTTPResponse) throws(BuildFailure) {
        try progress.withLock { progress throws(BuildFailure) in
            progress.response = response
            if offset == progress.file.size { return }
            guard offset == 0 else { throw corrupted("another range came than was asked for", response) }
            progress = Progress(file: try SpoolFile(in: directory), response: response)
        }
    }

    /// Appends bytes; more than promised are refused.
    func append(_ bytes: RawSpan) throws(BuildFailure) {
        try progress.withLock { progress throws(BuildFailure) in
            guard progress.file.size + Int64(bytes.byteCount) <= descriptor.size else {
                throw corrupted("more than \(descriptor.size) bytes came", progress.response)
            }
            try bytes.withUnsafeBytes { buffer throws(BuildFailure) in
                try progress.file.append(buffer)
                progress.hasher.update(buffer)
            }
        }
    }

    /// The content, once all of it has arrived.
    ///
    /// - Throws: `BuildFailure` with code `corrupted` if digest or size are not as promised.
    func finish() throws(BuildFailure) -> SpoolFile {
        let (file, digest, response) = progress.withLock { ($0.file, $0.hasher.finalize(), $0.response) }
        guard file.size == descriptor.size else {
            throw corrupted("\(file.size) of \(descriptor.size) bytes came", response)
        }
        guard digest == descriptor.digest else {
            throw corrupted("the bytes that came have the digest \(digest)", response)
        }
        return file
    }

    private func corrupted(_ reason: String, _ response: HTTPResponse?) -> BuildFailure {
        request.odd(
            response ?? HTTPResponse(status: 200, headers: [:], url: request.url.text),
            reason,
            code: .corrupted,
            advice: "Look at the registry's storage, and at caches and proxies in between."
        )
    }
}
