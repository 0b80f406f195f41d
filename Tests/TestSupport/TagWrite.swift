internal import BuildModel
internal import Documents

/// A manifest that a registry took in under a tag, as its log tells.
package struct TagWrite: Sendable, Hashable {
    /// The first label of the host name that the registry was called by.
    package var worker: String
    package var tag: String
    /// Milliseconds since 1970: when the registry began with the request, and when it had answered.
    package var began: Int64
    package var ended: Int64

    package init(worker: String, tag: String, began: Int64, ended: Int64) {
        (self.worker, self.tag, self.began, self.ended) = (worker, tag, began, ended)
    }

    /// Reads a line of docker-registry's JSON log; nil for anything else.
    init?(logLine: Substring) {
        guard logLine.contains("response completed"), logLine.contains(#""http.request.method":"PUT""#),
            let entry = try? JSONDocument.parse(String(logLine)), entry["http.response.status"]?.integer == 201,
            let parts = entry["http.request.uri"]?.string?.split(separator: "/"), parts.count > 3,
            parts[parts.count - 2] == "manifests", let tag = parts.last, !tag.hasPrefix("sha256:"),
            let host = entry["http.request.host"]?.string, let time = entry["time"]?.string
        else { return nil }
        worker = String(host.prefix { $0 != "." && $0 != ":" })
        self.tag = String(tag)
        guard let ended = ServerTime.milliseconds(time) else { return nil }
        self.ended = ended
        began = ended - Self.duration(entry["http.response.duration"]?.string ?? "")
    }

    /// Go's form of a duration: `1.5ms`, `830µs`, `2.1s`.
    private static func duration(_ text: String) -> Int64 {
        let number = Double(text.prefix { $0.isNumber || $0 == "." }) ?? 0
        if text.hasSuffix("ms") { return Int64(number.rounded(.up)) }
        return text.hasSuffix("µs") || text.hasSuffix("ns") ? 1 : Int64(number * 1000)
    }
}
