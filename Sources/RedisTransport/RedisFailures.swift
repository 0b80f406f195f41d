package import BuildModel

extension BuildFailure.Code {
    /// Redis holds as much as it may (`maxmemory`) and refuses commands that add to it.
    package static let redisOutOfMemory = Self(rawValue: "redis_out_of_memory")
    /// The server does not know the function or script that was called.
    package static let redisFunctionMissing = Self(rawValue: "redis_function_missing")
    /// The server is one of a cluster, or a read-only replica: not the one to write to.
    package static let redisWrongServer = Self(rawValue: "redis_wrong_server")
    /// Redis refused the command for a reason of its own.
    package static let redisRefused = Self(rawValue: "redis_refused")
}

/// An error reply of Redis, told apart by its first word.
struct ErrorReply {
    private let words: String
    private let endpoint: RedisEndpoint

    init(_ words: String, from endpoint: RedisEndpoint) {
        self.words = words
        self.endpoint = endpoint
    }

    /// The reply as a failure of `operation`; Redis' own words are its cause.
    func failure(operation: String) -> BuildFailure {
        let (code, explanation, isRetryable) = explained
        return BuildFailure(
            .platform,
            code,
            operation: operation,
            message: "\(endpoint): \(explanation)",
            cause: words,
            isRetryable: isRetryable
        )
    }

    private var explained: (BuildFailure.Code, String, isRetryable: Bool) {
        switch words.prefix(while: { $0 != " " }) {
        case "WRONGPASS":
            (.unauthorized, "Redis refused the user of redis.url or the password of redis.passwordFile.", false)
        case "NOAUTH":
            (.unauthorized, "Redis wants a password; put it into a file and name that in redis.passwordFile.", false)
        case "NOPERM": (.unauthorized, "The Redis user may not do this; give it the commands and keys it needs.", false)
        case "OOM": (.redisOutOfMemory, "Redis is full (maxmemory); give it more memory or remove old keys.", true)
        case "NOSCRIPT": (.redisFunctionMissing, "Redis does not know this script; it is loaded again.", true)
        case "MOVED", "ASK", "CROSSSLOT":
            (.redisWrongServer, "This is a node of a Redis Cluster; begin its URL with redis-cluster://.", false)
        case "READONLY": (.redisWrongServer, "This is a read-only replica; name the primary.", true)
        case "LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "UNBLOCKED":
            (.unreachable, "Redis cannot answer at the moment.", true)
        case "MISCONF": (.redisRefused, "Redis cannot write its data to disk and takes no changes.", true)
        default: other
        }
    }

    private var other: (BuildFailure.Code, String, isRetryable: Bool) {
        if words.hasPrefix("ERR Function not found") {
            return (.redisFunctionMissing, "Redis does not know the function; it has to be loaded.", true)
        }
        if words.hasPrefix("ERR AUTH") || words.hasPrefix("ERR invalid password")
            || words.hasPrefix("ERR Client sent AUTH")
        {
            return (.unauthorized, "The URL has a password, but Redis is not set up for it.", false)
        }
        if words.hasPrefix("ERR max number of clients") {
            return (.unreachable, "Redis has as many clients as it takes (maxclients).", true)
        }
        return (.redisRefused, "Redis refused the command.", false)
    }
}

extension BuildFailure {
    /// A server that cannot be talked to; trying again later may help.
    static func unreachable(_ endpoint: RedisEndpoint, operation: String, reason: String, cause: String? = nil)
        -> BuildFailure
    {
        BuildFailure(
            .platform,
            .unreachable,
            operation: operation,
            message: "Redis at \(endpoint) \(reason)",
            cause: cause,
            isRetryable: true
        )
    }
}
