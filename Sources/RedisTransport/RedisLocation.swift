package import BuildModel
package import Platform

/// Where the queue is: a server, or those who know which server it is at the moment. What a URL of the configuration says.
package struct RedisLocation: Sendable, Hashable {
    /// Who says which server holds the queue.
    package enum Kind: Sendable, Hashable {
        /// Nobody: it is always the same.
        case server
        /// Sentinels: the primary of a name (`SENTINEL GET-MASTER-ADDR-BY-NAME`).
        case sentinels(primary: String)
        /// The nodes of a cluster: the one that has the slot (`CLUSTER SLOTS`).
        case cluster
    }

    package var kind: Kind
    /// The server, the Sentinels, or some nodes of the cluster.
    package var addresses: [RedisEndpoint.Address]
    /// How to talk to whatever server it is: login, database, TLS. Its address is the first one.
    package var endpoint: RedisEndpoint
    /// The password of the Sentinels themselves.
    package var sentinelPassword: Redacted<String>?

    /// A server that is always the same.
    package init(_ endpoint: RedisEndpoint) {
        kind = .server
        addresses = [endpoint.address]
        self.endpoint = endpoint
    }

    /// Parses the URLs that `RedisEndpoint` takes, and
    /// `redis-sentinel://[user:password@]host[:26379],host…/PRIMARY[/database]` and
    /// `redis-cluster://[user:password@]host[:6379],host…`; with `rediss` for TLS everywhere.
    ///
    /// - Throws: `BuildFailure` with code `invalid_configuration` that says which part is wrong and never shows the password.
    package init(parsing url: String) throws(BuildFailure) {
        let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let form = Form(scheme: parts[0]) else {
            self.init(try RedisEndpoint(parsing: url))
            return
        }
        let (login, place) = RedisEndpoint.divideLogin(parts[1])
        let slash = place.firstIndex(of: "/") ?? place.endIndex
        let path = place[slash...].dropFirst()
        var found: [RedisEndpoint.Address] = []
        for host in place[..<slash].split(separator: ",", omittingEmptySubsequences: false) {
            found.append(try RedisEndpoint.hostAndPort(host, defaultPort: form.port).0)
        }
        guard let first = found.first else { throw RedisEndpoint.invalid("it names no host") }
        self.init(RedisEndpoint(address: first))
        addresses = found
        (endpoint.user, endpoint.password) = try RedisEndpoint.credentials(login)
        endpoint.tls = form.isEncrypted ? TLSFiles() : nil
        (kind, endpoint.database) = try form.isSentinel ? Self.primary(path) : (.cluster, Self.noDatabase(path))
    }

    private static func primary(_ path: Substring) throws(BuildFailure) -> (Kind, Int) {
        let parts = path.split(separator: "/", maxSplits: 1)
        guard let name = parts.first else {
            throw RedisEndpoint.invalid("after the Sentinels there must be the name of the primary, as in /mymaster")
        }
        let number = try RedisEndpoint.databaseNumber(parts.count > 1 ? parts[1] : "")
        return (.sentinels(primary: String(name)), number)
    }

    private static func noDatabase(_ path: Substring) throws(BuildFailure) -> Int {
        guard path.isEmpty || path == "0" else { throw RedisEndpoint.invalid("a cluster has only database 0") }
        return 0
    }

    /// What the scheme says.
    private struct Form {
        var isEncrypted: Bool
        var isSentinel: Bool
        var port: Int { isSentinel ? 26379 : 6379 }

        init?(scheme: Substring) {
            switch scheme {
            case "redis-sentinel": (isEncrypted, isSentinel) = (false, true)
            case "rediss-sentinel": (isEncrypted, isSentinel) = (true, true)
            case "redis-cluster": (isEncrypted, isSentinel) = (false, false)
            case "rediss-cluster": (isEncrypted, isSentinel) = (true, false)
            default: return nil
            }
        }
    }
}
