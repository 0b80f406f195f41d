package import Platform

/// Where a Redis server is and how to log in: what a `redis://` or `unix://` URL says.
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

    package init(address: Address, user: String? = nil, password: Redacted<String>? = nil, database: Int = 0) {
        self.address = address
        self.user = user
        self.password = password
        self.database = database
    }
}

extension RedisEndpoint: CustomStringConvertible {
    /// The URL without its password, for messages and logs.
    package var description: String {
        let login = user.map { "\($0)@" } ?? ""
        switch address {
        case .tcp(let host, let port):
            let name = host.contains(":") ? "[\(host)]" : host
            return "redis://\(login)\(name):\(port)" + (database == 0 ? "" : "/\(database)")
        case .unix(let path):
            return "unix://\(login)\(path)" + (database == 0 ? "" : "?db=\(database)")
        }
    }
}
