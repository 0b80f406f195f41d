internal import BuildModel
internal import HTTPTransport
internal import Synchronization

/// What registries warn of, for people to read once. Nothing is done about it: distribution spec, "Warnings".
final class RegistryWarnings: Sendable {
    private struct Seen {
        var texts: Set<String> = []
        var unread: [String] = []
    }

    /// More different warnings than this no honest host has.
    private static let limit = 20
    private let hosts = Mutex<[String: Seen]>([:])

    /// Looks for `Warning: 299 - "text"` in an answer: RFC 7234, section 5.5.
    func note(_ response: HTTPResponse, of host: String) {
        for field in response.headers.all("Warning") {
            guard let text = Self.text(field) else { continue }
            hosts.withLock { hosts in
                var seen = hosts[host] ?? Seen()
                guard seen.texts.count < Self.limit, seen.texts.insert(text).inserted else { return }
                seen.unread.append(text)
                hosts[host] = seen
            }
        }
    }

    /// Says what no host has been heard to warn of yet.
    func report(to log: any BuildLog) {
        for host in hosts.withLock({ $0.keys.sorted() }) { report(host, to: log) }
    }

    /// Says what was not said yet.
    func report(_ host: String, to log: any BuildLog) {
        let unread = hosts.withLock { hosts in
            defer { hosts[host]?.unread = [] }
            return hosts[host]?.unread ?? []
        }
        for text in unread { log.say("\(host) warns: \(text)", .pushing) }
    }

    /// The text of a warning of the one kind that registries send.
    private static func text(_ field: String) -> String? {
        guard field.hasPrefix("299 "), let open = field.firstIndex(of: "\""), let close = field.lastIndex(of: "\""),
            open < close
        else { return nil }
        let text = RegistryError.printable(String(field[field.index(after: open)..<close]), limit: 300)
        return text.isEmpty ? nil : text
    }
}
