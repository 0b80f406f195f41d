internal import BuildModel
internal import HTTPTransport
internal import Platform
internal import Synchronization

/// Downloads one file of Git LFS into a nameless file: git-lfs, "Basic Transfer API".
struct LargeFileDownload: Sendable {
    let file: LargeFile
    let server: LargeFileServer
    let http: HTTPClient
    /// Where the bytes wait until all are there.
    let directory: String
    /// Whether a place that the server names may be asked.
    let check: @Sendable (HTTPURL) throws(BuildFailure) -> Void

    private static let mostRedirects = 5

    /// - Parameter first: what the server said of the file.
    /// - Throws: `BuildFailure` that names the file and what is wrong with it.
    func run(_ first: JSONValue?) async throws -> SpoolFile {
        var action = try action(first)
        // A link that has run out is asked for again, once: downloads before this one may have taken long.
        if action.hasExpired { action = try await renewed() }
        var (response, spool) = try await get(action)
        if [401, 403, 404, 410].contains(response.status) { (response, spool) = try await get(try await renewed()) }
        guard response.isSuccess else { throw refused(response) }
        try spool.check(file, server)
        return spool.file
    }

    private func renewed() async throws -> LargeFileAction {
        try action(try await server.locate([file])[file.pointer.digest])
    }

    private func action(_ object: JSONValue?) throws(BuildFailure) -> LargeFileAction {
        guard let object, let action = LargeFileAction(object, now: SystemInformation.currentMilliseconds / 1000) else {
            throw LargeFileRefusal(object).failure(of: file, at: server.shown)
        }
        return action
    }

    private func get(_ action: LargeFileAction) async throws -> (HTTPResponse, LargeFileSpool) {
        var (url, headers) = (action.url, action.headers)
        if !action.isAuthenticated, let own = server.credential(for: url) { headers["Authorization"] = own }
        for _ in 0...Self.mostRedirects {
            try check(url)
            let (response, spool) = try await once(url, headers)
            guard (300...399).contains(response.status), let next = try next(response, from: url) else {
                return (response, spool)
            }
            // What was meant for one place is not shown to another.
            if !next.hasSameOrigin(as: url) { headers = HTTPHeaders() }
            url = next
        }
        throw BuildFailure.source(
            .redirected,
            "'\(file.shown)' of Git LFS is sent from place to place more than \(Self.mostRedirects) times."
        )
    }

    private func once(_ url: HTTPURL, _ headers: HTTPHeaders) async throws -> (HTTPResponse, LargeFileSpool) {
        var request = server.request(.get, url.text)
        request.headers = headers
        return try await server.send { [http, request] in
            // Each try begins with nothing.
            let spool = try LargeFileSpool(of: file.pointer.size, in: directory)
            let (response, _) = try await http.download(
                request,
                to: { bytes throws(BuildFailure) in try spool.append(bytes, of: file, server) }
            )
            return (response, spool)
        }
    }

    /// Where a redirect leads: a whole URL, or a path of the same place. RFC 9110, section 10.2.2.
    private func next(_ response: HTTPResponse, from url: HTTPURL) throws(BuildFailure) -> HTTPURL? {
        guard let location = response.headers["Location"] else { return nil }
        if location.hasPrefix("/"), !location.hasPrefix("//") {
            return try HTTPURL(parsing: "\(url.scheme)://\(url.authority)\(location)")
        }
        return try HTTPURL(parsing: location)
    }

    private func refused(_ response: HTTPResponse) -> BuildFailure {
        let place = (try? HTTPURL(parsing: response.url))?.redacted ?? server.shown
        let what = "'\(file.shown)' (\(file.pointer.digest.short)) cannot be downloaded from \(place)"
        let cause = "HTTP \(response.status)"
        return switch response.status {
        case 404, 410:
            .source(
                .largeFileNotFound,
                "\(what), where the Git LFS server says that it is; push it with 'git lfs push --all'.",
                cause: cause
            )
        case 401, 403:
            .source(
                .unauthorized,
                "\(what): the link is refused, also a new one; it may have run out, or the server's clock is wrong.",
                cause: cause
            )
        default: .passing(.unreachable, "\(what) now.", cause: cause)
        }
    }
}

/// The bytes of a download, hashed as they come.
private final class LargeFileSpool: Sendable {
    let file: SpoolFile
    private let size: Int64
    private let hasher = Mutex(SHA256Hasher())

    init(of size: Int64, in directory: String) throws(BuildFailure) {
        file = try SpoolFile(in: directory)
        self.size = size
    }

    func append(_ bytes: RawSpan, of large: LargeFile, _ server: LargeFileServer) throws(BuildFailure) {
        guard file.size + Int64(bytes.byteCount) <= size else { throw Self.wrong(large, server, "it has more bytes") }
        try hasher.withLock { hasher throws(BuildFailure) in
            try unsafe bytes.withUnsafeBytes { buffer throws(BuildFailure) in
                try unsafe file.append(buffer)
                unsafe hasher.update(buffer)
            }
        }
    }

    func check(_ large: LargeFile, _ server: LargeFileServer) throws(BuildFailure) {
        guard file.size == size else { throw Self.wrong(large, server, "it has \(file.size) bytes") }
        let found = hasher.withLock { $0.finalize() }
        guard found == large.pointer.digest else { throw Self.wrong(large, server, "its sha256 is \(found.short)…") }
    }

    private static func wrong(_ large: LargeFile, _ server: LargeFileServer, _ what: String) -> BuildFailure {
        .source(
            .corrupted,
            "The Git LFS server \(server.shown) sends something else for '\(large.shown)': \(what), and the revision has"
                + " \(large.pointer.size) bytes with sha256 \(large.pointer.digest.short)…; push the file again."
        )
    }
}
