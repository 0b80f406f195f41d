internal import BuildModel
internal import Documents

/// How a running app is ended and asked: the checks of what rules and `slipway.yaml` say of it.
extension RuleReader {
    /// Signals that a process can answer to.
    private static let signals = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH"]

    /// Why a text is no signal; nil if it is one.
    static func signal(_ text: String) -> String? {
        signals.contains(text) ? nil : "'stopSignal' must be one of \(Detector.or(signals))."
    }

    /// Why a text is no path; nil if it is one. A template may be anything until it is filled.
    static func healthPath(_ text: String) -> String? {
        let isPath = text.hasPrefix("/") && text.utf8.count <= 1024 && !text.utf8.contains { $0 <= 32 || $0 >= 127 }
        return isPath || text.hasPrefix("{{") ? nil : "'health' must be a path that starts with /."
    }

    /// The text of a key, if it is there and nothing speaks against it.
    func checked(_ node: YAMLNode, _ key: String, _ objection: (String) -> String?) throws(BuildFailure) -> String? {
        guard node[key] != nil else { return nil }
        let text = try text(node, key)
        if let reason = objection(text) { throw problem(node[key], reason) }
        return text
    }

    /// Alternatives of which nothing speaks against any.
    func alternatives(
        _ node: YAMLNode,
        _ key: String,
        checkedBy objection: (String) -> String?
    ) throws(BuildFailure) -> [Rule.Value.Alternative] {
        let all = try alternatives(node, key)
        for one in all {
            if let reason = objection(one.text) { throw problem(node[key], reason) }
        }
        return all
    }
}
