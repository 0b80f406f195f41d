internal import BuildModel
internal import HTTPTransport
internal import Platform

/// How one file is downloaded: the `download` action of a batch answer (git-lfs, "Batch API").
struct LargeFileAction: Sendable {
    var url: HTTPURL
    /// What the server wants to be sent along: its own credential, most often.
    var headers = HTTPHeaders()
    /// Whether the link needs no credential of ours.
    var isAuthenticated: Bool
    private var end: ContinuousClock.Instant?

    var hasExpired: Bool { end.map { $0 <= .now } ?? false }

    private static let mostHeaders = 32
    /// What belongs to the connection and to the transport: RFC 9110, section 7.6.1.
    private static let own: Set<String> = [
        "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect", "range",
        "accept-encoding", "proxy-authorization", "proxy-connection",
    ]

    /// - Parameters:
    ///   - object: an element of `objects`.
    ///   - now: seconds since 1970.
    /// - Returns: nil if it has no download that can be made.
    init?(_ object: JSONValue, now: Int64) {
        guard let download = object["actions"]?["download"], let text = download["href"]?.string,
            let url = try? HTTPURL(parsing: text)
        else { return nil }
        self.url = url
        var fields: [(name: String, value: String)] = []
        for (name, value) in (download["header"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let value = value.string, !Self.own.contains(name.lowercased()) else { continue }
            fields.append((name, value))
        }
        guard fields.count <= Self.mostHeaders else { return nil }
        headers = HTTPHeaders(fields)
        isAuthenticated = object["authenticated"]?.bool == true || headers["Authorization"] != nil
        let left =
            download["expires_in"]?.integer.flatMap { $0 == 0 ? nil : $0 }
            ?? download["expires_at"]?.string.flatMap(Timestamp.seconds(parsing:)).flatMap { $0 > 0 ? $0 - now : nil }
        end = left.map { ContinuousClock.now + .seconds(max(-1, min($0, 1 << 31))) }
    }
}

/// Why one file cannot be had, as the server says.
struct LargeFileRefusal: Sendable {
    var status: Int64
    var message: String

    /// - Parameter object: an element of `objects`; nil if the server said nothing of the file.
    init(_ object: JSONValue?) {
        status = object?["error"]?["code"]?.integer ?? 0
        message = LibraryError.cleaned(object?["error"]?["message"]?.string ?? "").prefix(200).description
    }

    /// - Parameter server: for people.
    func failure(of file: LargeFile, at server: String) -> BuildFailure {
        let id = file.pointer.digest.short
        let words = message.isEmpty ? nil : message
        guard status == 404 || status == 410 else {
            return .source(
                .largeFilesUnavailable,
                "The Git LFS server \(server) gives no download for '\(file.shown)' (\(id)), with error \(status).",
                cause: words
            )
        }
        return .source(
            .largeFileNotFound,
            "The Git LFS server \(server) does not have '\(file.shown)' (\(id)); push it with 'git lfs push --all'.",
            cause: words
        )
    }
}
