internal import BuildModel
internal import Platform

/// A `known_hosts` file: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
struct KnownHosts {
    enum Verdict: Equatable {
        case known
        case unknown
        /// The host has keys in the file, and this is none of them; the line of the first.
        case otherKeys(line: Int)
        case revoked(line: Int)
    }

    private var lines: [Line] = []

    private struct Line {
        var number: Int
        var marker: String?
        var hosts: String
        var key: String
    }

    /// `~/.ssh/known_hosts`.
    static var defaultFile: String { "\(SystemInformation.environment("HOME") ?? "/root")/.ssh/known_hosts" }

    /// Reads a file; one that is not there knows nobody.
    init(file: String) throws(BuildFailure) {
        self.init(text: Files.exists(file) ? String(decoding: try Files.read(file), as: UTF8.self) : "")
    }

    init(text: String) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" }).map(String.init)
            let marker = words.first?.hasPrefix("@") == true ? words.removeFirst() : nil
            guard words.count >= 3, !words[0].hasPrefix("#") else { continue }
            lines.append(Line(number: index + 1, marker: marker, hosts: words[0], key: words[2]))
        }
    }

    /// What the file says about a key that a host showed.
    ///
    /// - Parameter key: the key as SSH sends it; empty if it could not be had, which is never known.
    func verdict(host: String, port: Int, key: [UInt8]) -> Verdict {
        let encoded = Base64.encode(key)
        let names = port == 22 ? [host] : ["[\(host)]:\(port)"]
        let matching = lines.filter { line in names.contains { Self.matches(line.hosts, $0) } }
        if let line = matching.first(where: { $0.marker == "@revoked" && $0.key == encoded }) {
            return .revoked(line: line.number)
        }
        // Certificate authorities of hosts are left out: libssh2 does not speak host certificates.
        let plain = matching.filter { $0.marker == nil }
        if !key.isEmpty, plain.contains(where: { $0.key == encoded }) { return .known }
        return plain.first.map { .otherKeys(line: $0.number) } ?? .unknown
    }

    private static func matches(_ field: String, _ name: String) -> Bool {
        if field.hasPrefix("|1|") { return matchesHashed(field, name) }
        var isMatch = false
        for pattern in field.split(separator: ",") {
            if pattern.hasPrefix("!") {
                if matchesPattern(Array(pattern.dropFirst().lowercased().utf8), Array(name.utf8)) { return false }
            } else if matchesPattern(Array(pattern.lowercased().utf8), Array(name.utf8)) {
                isMatch = true
            }
        }
        return isMatch
    }

    /// `|1|salt|hash`: HMAC-SHA1 of the name with the salt as key.
    private static func matchesHashed(_ field: String, _ name: String) -> Bool {
        let parts = field.split(separator: "|")
        guard parts.count == 3, let salt = Base64.decode(String(parts[1])) else { return false }
        return Base64.encode(KeyedHash.hmacSHA1(key: salt, message: Array(name.utf8))) == parts[2]
    }

    /// `*` and `?` as in file name patterns, without recursion.
    private static func matchesPattern(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        var (at, position) = (0, 0)
        var retry: (at: Int, position: Int)?
        while position < name.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                retry = (at, position)
                at += 1
            } else if at < pattern.count, pattern[at] == UInt8(ascii: "?") || pattern[at] == name[position] {
                at += 1
                position += 1
            } else if let last = retry {
                retry = (last.at, last.position + 1)
                (at, position) = (last.at + 1, last.position + 1)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    static func fingerprint(_ key: [UInt8]) -> String {
        let digest = Hexadecimal.decode(Digest(of: key).hex) ?? []
        return "SHA256:" + Base64.encode(digest).filter { $0 != "=" }
    }
}
