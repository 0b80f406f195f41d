internal import BuildModel
internal import Platform

/// A repository's URL, taken apart: credentials on one side, what may be shown and stored on the other.
struct RepositoryURL: Sendable, Hashable {
    /// In lower case; `ssh` for the scp-like form, `file` for an absolute path.
    var scheme: String
    /// In lower case, without brackets; empty for files.
    var host: String
    var port: Int?
    /// As it was written, with its leading slash where the form has one.
    var path: String
    var username: String?
    var password: Redacted<String>?
    /// Whether it was `user@host:path`, whose path is relative to the user's home.
    var isSCPForm = false

    /// Reads a URL.
    ///
    /// - Throws: `BuildFailure` with code `invalid_request`; its message never repeats what stands before an `@`.
    init(parsing text: String) throws(BuildFailure) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw Self.invalid("contains a space or a control character")
        }
        if let separator = text.firstRange(of: "://") {
            try self.init(
                scheme: text[..<separator.lowerBound].lowercased(),
                rest: text[separator.upperBound...]
            )
        } else if text.hasPrefix("/") {
            self.init(scheme: "file", host: "", path: text)
        } else {
            try self.init(scpForm: text)
        }
        guard scheme == "file" || !path.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw Self.invalid("has a query or fragment, which no git server uses; credentials go before the host")
        }
        guard !path.isEmpty, path != "/", !host.hasPrefix("-"), !path.hasPrefix("-"), username?.hasPrefix("-") != true
        else {
            throw Self.invalid("names no repository")
        }
    }

    private init(scheme: String, host: String, path: String) {
        self.scheme = scheme
        self.host = host
        self.path = path
    }

    private init(scheme: String, rest: Substring) throws(BuildFailure) {
        guard scheme != "file" else {
            self.init(scheme: scheme, host: "", path: String(rest.drop { $0 != "/" }))
            return
        }
        let authority = rest.prefix { $0 != "/" }
        self.init(scheme: scheme, host: "", path: String(rest.dropFirst(authority.count)))
        try read(authority: authority)
    }

    private init(scpForm text: String) throws(BuildFailure) {
        guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") else {
            throw Self.invalid("has no scheme; write https://host/path, ssh://user@host/path or user@host:path")
        }
        guard !text[colon...].contains("@") else {
            throw Self.invalid("must not carry a password in this form; write ssh://user@host/path")
        }
        self.init(scheme: "ssh", host: "", path: String(text[text.index(after: colon)...]))
        isSCPForm = true
        try read(authority: text[..<colon])
    }

    private mutating func read(authority: Substring) throws(BuildFailure) {
        var address = authority
        if let at = authority.lastIndex(of: "@") {
            address = authority[authority.index(after: at)...]
            let user = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            username = user.first.map { Self.decoded($0) }.flatMap { $0.isEmpty ? nil : $0 }
            password = user.count > 1 ? Redacted(Self.decoded(user[1])) : nil
        }
        var name = address
        if address.hasPrefix("["), let end = address.firstIndex(of: "]") {
            name = address[address.index(after: address.startIndex)..<end]
            address = address[address.index(after: end)...]
            guard name.utf8.allSatisfy({ Self.addressBytes.contains($0) }) else { throw Self.badHost }
        } else {
            name = address.prefix { $0 != ":" }
            address = address.dropFirst(name.count)
            guard name.utf8.allSatisfy({ Self.hostBytes.contains($0) }) else { throw Self.badHost }
        }
        guard address.isEmpty || address.hasPrefix(":") else { throw Self.badHost }
        if address.count > 1 {
            guard address.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(address.dropFirst()), (1...65535).contains(number)
            else {
                throw Self.invalid("has a port that is no number from 1 to 65535")
            }
            port = number
        }
        host = name.lowercased()
        guard !host.isEmpty else { throw Self.invalid("names no host") }
    }

    /// What a host may be made of (RFC 952, and `_`): what decides over a host must see the one that is connected to, and the
    /// library would decode `%`, and end a host where we do not.
    private static let hostBytes = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8)
    /// What an address in brackets may be made of (RFC 4291, 2.2).
    private static let addressBytes = Set("abcdefABCDEF0123456789:.".utf8)

    private static var badHost: BuildFailure {
        invalid(
            "has a host with other characters than letters, digits, '.', '_' and '-'; write an international name as xn--…"
        )
    }

    /// Percent-decoding for user names and passwords.
    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Substring(text).utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"),
                let value = Hexadecimal.decode(String(decoding: rest.prefix(2), as: UTF8.self)),
                value.count == 1
            {
                bytes += value
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func invalid(_ reason: String) -> BuildFailure {
        BuildFailure(
            .code,
            .invalidRequest,
            operation: "git.url",
            message: "The repository's URL \(reason)."
        )
    }
}
