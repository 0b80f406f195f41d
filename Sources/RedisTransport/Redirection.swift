/// What a server says that is not, or no longer, the one to ask. It has done nothing then.
enum Redirection: Sendable, Hashable {
    /// The slot is another's for good.
    case moved(RedisEndpoint.Address)
    /// This key is another's already, while the slot is on its way; only for one command.
    case ask(RedisEndpoint.Address)
    /// It has become a replica.
    case demoted

    /// - Parameter asked: the server that answered; a reply without a host means the same one.
    init?(_ reply: RedisValue, from asked: RedisEndpoint) {
        guard case .error(let text) = reply else { return nil }
        if text.hasPrefix("READONLY") || text.hasPrefix("UNBLOCKED") && text.contains("replica") {
            self = .demoted
            return
        }
        let words = text.split(separator: " ")
        guard words.count >= 3, words[0] == "MOVED" || words[0] == "ASK" else { return nil }
        guard let colon = words[2].lastIndex(of: ":"), let port = Int(words[2][words[2].index(after: colon)...]) else {
            return nil
        }
        let host = words[2][..<colon]
        let address = RedisEndpoint.Address.tcp(host: host.isEmpty ? asked.host : String(host), port: port)
        self = words[0] == "MOVED" ? .moved(address) : .ask(address)
    }
}
