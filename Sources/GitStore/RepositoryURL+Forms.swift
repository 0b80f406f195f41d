internal import BuildModel
internal import Platform

extension RepositoryURL {
    /// The port that is used when none is written.
    private static let defaultPorts = ["https": 443, "http": 80, "ssh": 22, "git": 9418]

    var effectivePort: Int { port ?? Self.defaultPorts[scheme] ?? 0 }

    var isOnDefaultPort: Bool { port == nil || port == Self.defaultPorts[scheme] }

    /// Without credentials: for people, logs, `Revision`, and for libgit2, which gets them another way. The user of ssh stays:
    /// it is part of the address there, most often `git`.
    var display: String { text(user: scheme == "ssh" ? username ?? "git" : nil) }

    /// `host:port`, for messages about connections.
    var address: String { "\(host):\(effectivePort)" }

    /// The same for all spellings of one repository that surely mean the same.
    ///
    /// The user counts for ssh, where one host may show different repositories to different users.
    var mirrorKey: String {
        var path = path
        while path.hasSuffix("/") { path.removeLast() }
        if path.hasSuffix(".git") { path.removeLast(4) }
        let user = scheme == "ssh" ? "\(username ?? "git")@" : ""
        return "\(scheme)://\(user)\(host):\(effectivePort)\(isSCPForm ? "~" : "")\(path)"
    }

    /// The name of the mirror's directory: a digest, which decides, and the repository's name, for people.
    var mirrorName: String {
        let last = mirrorKey.split(separator: "/").last ?? "repository"
        let readable = last.unicodeScalars.prefix(48).map { scalar -> Character in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || scalar == "-" || scalar == "_" ? Character(scalar) : "-"
        }
        return "\(Digest(of: mirrorKey).hex.prefix(32))-\(String(readable)).git"
    }

    private func text(user: String?) -> String {
        if scheme == "file" { return "file://\(path)" }
        let shownHost = host.contains(":") ? "[\(host)]" : host
        let prefix = user.map { "\(Self.encoded($0))@" } ?? ""
        if isSCPForm { return "\(prefix)\(shownHost):\(path)" }
        return "\(scheme)://\(prefix)\(shownHost)\(port.map { ":\($0)" } ?? "")\(path)"
    }

    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            result +=
                isPlain || "-._~".unicodeScalars.contains(scalar) ? String(scalar) : "%" + Hexadecimal.encode([byte])
        }
        return result
    }
}
