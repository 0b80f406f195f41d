package import Platform

/// Where a Redis server is and how to log in: what a `redis://`, `rediss://` or `unix://` URL says.
package struct RedisEndpoint: Sendable, Hashable {
    /// How the server is reached.
    package enum Address: Sendable, Hashable {
        /// A host name or numeric address (IPv6 without brackets), and a port.
        case tcp(host: String, port: Int)
        /// The path of a socket in the file system.
        case unix(path: String)
    }

    package var address: Address
    /// The ACL user; nil for Redis' `default` user.
    package var user: String?
    package var password: Redacted<String>?
    /// The number of the logical database.
    package var database: Int
    /// How TLS is spoken; nil where it is not.
    package var tls: TLSFiles?

    package init(
        address: Address,
        user: String? = nil,
        password: Redacted<String>? = nil,
        database: Int = 0,
        tls: TLSFiles? = nil
    ) {
        self.tls = tls
        self.address = address
        self.user = user
        self.password = password
        self.database = database
    }
}

extension RedisEndpoint {
    /// The host's name or numeric address; `localhost` for a socket.
    package var host: String {
        switch address {
        case .tcp(let host, _): host
        case .unix: "localhost"
        }
    }

    /// Whether the server is on this node.
    package var isLocal: Bool {
        switch address {
        case .tcp(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
        case .unix: true
        }
    }
}

extension RedisEndpoint: CustomStringConvertible {
    /// The URL without its password, for messages and logs.
    package var description: String {
        let login = user.map { "\($0)@" } ?? ""
        switch address {
        case .tcp(let host, let port):
            let name = host.contains(":") ? "[\(host)]" : host
            let scheme = tls == nil ? "redis" : "rediss"
            return "\(scheme)://\(login)\(name):\(port)" + (database == 0 ? "" : "/\(database)")
        case .unix(let path):
            return "unix://\(login)\(path)" + (database == 0 ? "" : "?db=\(database)")
        }
    }
}
