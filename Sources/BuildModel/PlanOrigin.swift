/// Who says a part of a plan, which decides what it may name.
package enum PlanOrigin: String, Sendable, Hashable, Codable {
    /// A rule of the operator's, or whoever orders the build.
    case rule
    /// The repository: whoever writes to it may be a stranger to the farm.
    case repository
}

extension StepNetwork {
    /// Whether one of some targets, `HOST:PORT` with `*` or `*.` in the host or `*` as the port, takes in all of another.
    package static func allows(_ target: String, by list: [String]) -> Bool {
        list.contains { covers($0, target) }
    }

    private static func covers(_ wide: String, _ narrow: String) -> Bool {
        guard let wide = parts(wide), let narrow = parts(narrow) else { return false }
        guard wide.port == "*" || wide.port == narrow.port else { return false }
        if wide.host == "*" || wide.host == narrow.host { return true }
        guard wide.host.hasPrefix("*.") else { return false }
        return narrow.host.hasSuffix(wide.host.dropFirst()) && narrow.host.utf8.count >= wide.host.utf8.count
    }

    private static func parts(_ target: String) -> (host: String, port: Substring)? {
        guard let colon = target.lastIndex(of: ":") else { return nil }
        var host = target[..<colon].lowercased()
        if host.hasSuffix(".") { host.removeLast() }
        return (host, target[target.index(after: colon)...])
    }
}
