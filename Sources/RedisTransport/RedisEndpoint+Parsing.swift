package import BuildModel
internal import Platform

extension RedisEndpoint {
    /// Parses `redis://[[user]:password@]host[:port][/database]`, the same with `rediss` for TLS, or `unix://[[user]:password@]/path[?db=database]`.
    ///
    /// User and password are percent-encoded where they hold `@`, `:`, `/`, `?`, `#` or `%`. The port is 6379 and the database 0
    /// where the URL has none.
    ///
    /// - Throws: `BuildFailure` with code `invalid_configuration` that says which part is wrong and never shows the password.
    package init(parsing url: String) throws(BuildFailure) {
        let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let scheme = parts.first, ["redis", "rediss", "unix"].contains(scheme) else {
            throw Self.invalid("it must start with redis://, rediss:// or unix://")
        }
        let (login, place) = Self.divideLogin(parts[1])
        (user, password) = try Self.credentials(login)
        tls = scheme == "rediss" ? TLSFiles() : nil
        if scheme == "unix" {
            (address, database) = try Self.socketPath(place)
        } else {
            (address, database) = try Self.hostAndPort(place)
        }
    }

    static func invalid(_ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "redis.url",
            message:
                "The Redis URL is wrong: \(reason). Expected redis://[user:password@]host:port/database, rediss:// for TLS, unix:///path, redis-sentinel://host,host/primary or redis-cluster://host,host."
        )
    }

    /// Everything before the last `@` is the login, except in a path that stands alone.
    static func divideLogin(_ rest: Substring) -> (login: Substring?, place: Substring) {
        guard !rest.hasPrefix("/"), let at = rest.lastIndex(of: "@") else { return (nil, rest) }
        return (rest[..<at], rest[rest.index(after: at)...])
    }

    static func credentials(
        _ login: Substring?
    ) throws(BuildFailure) -> (user: String?, password: Redacted<String>?) {
        guard let login else { return (nil, nil) }
        guard let colon = login.firstIndex(of: ":") else {
            guard !login.isEmpty else { throw invalid("before the @ there must be user, user:password or :password") }
            return (try decode(login, "the user"), nil)
        }
        let user = try decode(login[..<colon], "the user")
        let password = try decode(login[login.index(after: colon)...], "the password")
        guard !password.isEmpty else { throw invalid("the password is empty") }
        return (user.isEmpty ? nil : user, Redacted(password))
    }

    static func hostAndPort(_ place: Substring, defaultPort: Int = 6379) throws(BuildFailure) -> (Address, Int) {
        let slash = place.firstIndex(of: "/") ?? place.endIndex
        let path = place[slash...].dropFirst()
        var host = place[..<slash]
        var port = String(defaultPort)[...]
        let bracket = host.hasPrefix("[") ? host.firstIndex(of: "]") : host.startIndex
        guard let bracket else { throw invalid("the IPv6 address has no closing ]") }
        if let colon = host[bracket...].lastIndex(of: ":") {
            port = host[host.index(after: colon)...]
            host = host[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw invalid("it names no host") }
        guard let number = Int(port), (1...65535).contains(number) else {
            throw invalid("'\(port.prefix(20))' is not a port from 1 to 65535")
        }
        return (.tcp(host: String(host), port: number), try databaseNumber(path))
    }

    private static func socketPath(_ place: Substring) throws(BuildFailure) -> (Address, Int) {
        let query = place.firstIndex(of: "?") ?? place.endIndex
        let path = place[..<query]
        guard path.hasPrefix("/") else {
            throw invalid("the socket's path must be absolute, such as unix:///run/redis.sock")
        }
        // sun_path of unix(7) has 108 bytes with the NUL.
        guard path.utf8.count <= 107 else { throw invalid("the socket's path has more than 107 bytes") }
        let option = place[query...].dropFirst()
        guard option.isEmpty || option.hasPrefix("db=") else { throw invalid("the only option after ? is db=NUMBER") }
        return (.unix(path: String(path)), try databaseNumber(option.dropFirst(3)))
    }

    static func databaseNumber(_ text: Substring) throws(BuildFailure) -> Int {
        if text.isEmpty { return 0 }
        guard let number = Int(text), (0...1_000_000).contains(number) else {
            throw invalid("'\(text.prefix(20))' is not the number of a database")
        }
        return number
    }

    private static func decode(_ text: Substring, _ what: String) throws(BuildFailure) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                throw invalid("\(what) has a % that is not followed by two hexadecimal digits (write % as %25)")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
