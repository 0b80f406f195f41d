internal import BuildModel
internal import Documents

extension RuleReader {
    func detections() throws(BuildFailure) -> [Rule.Detection] {
        var known: [Rule.Detection] = []
        for node in root["detect"]?.elements ?? [] {
            try check(node, keys: ["score", "when", "set"])
            guard let score = try integer(node, "score", in: 1...100) else {
                throw problem(node, "'score' is missing.")
            }
            let when = try predicates(node, "when")
            let detection = Rule.Detection(score: score, when: when, facts: try texts(node, "set"))
            if let better = known.first(where: { Set($0.when).isSubset(of: when) && $0.score >= score }) {
                throw problem(node, "this never counts: whenever it holds, so does a way with score \(better.score).")
            }
            known.append(detection)
        }
        return known
    }

    func values() throws(BuildFailure) -> [Rule.Value] {
        guard let map = root["values"] else { return [] }
        guard let entries = map.entries else { throw problem(map, "'values' must be a map.") }
        var values: [Rule.Value] = []
        for entry in entries {
            values.append(Rule.Value(name: entry.key, alternatives: try alternatives(map, entry.key)))
        }
        return values
    }

    /// A list of {when, is}; a text alone always holds.
    func alternatives(_ node: YAMLNode, _ key: String) throws(BuildFailure) -> [Rule.Value.Alternative] {
        let nodes = node[key].map { $0.elements ?? [$0] } ?? []
        try checkReach(nodes.map { ($0, $0.entries == nil || $0["when"] == nil) })
        var alternatives: [Rule.Value.Alternative] = []
        for node in nodes {
            if let text = node.string {
                alternatives.append(.init(when: [], text: text))
            } else {
                try check(node, keys: ["when", "is"])
                let when = node["when"] == nil ? [] : try predicates(node, "when")
                guard let text = node["is"]?.string else { throw problem(node, "'is' must be a text.") }
                alternatives.append(.init(when: when, text: text))
            }
        }
        return alternatives
    }

    /// Refuses what stands behind something that always holds.
    func checkReach(_ ways: [(node: YAMLNode, alwaysHolds: Bool)]) throws(BuildFailure) {
        var last: YAMLNode?
        for way in ways {
            if let last { throw problem(way.node, "this is never reached: what line \(last.line) says always holds.") }
            if way.alwaysHolds { last = way.node }
        }
    }

    func starts() throws(BuildFailure) -> [StartRule] {
        try checkReach((root["start"]?.elements ?? []).map { ($0, $0["when"] == nil) })
        return try list(root, "start", start)
    }

    private func start(_ node: YAMLNode) throws(BuildFailure) -> StartRule {
        try check(
            node,
            keys: [
                "when", "command", "arguments", "refuse", "image", "environment", "files", "includesSource",
                "stopSignal",
            ]
        )
        return StartRule(
            when: node["when"] == nil ? [] : try predicates(node, "when"),
            action: try action(node),
            image: try image(node, "image"),
            environment: try texts(node, "environment"),
            files: try list(node, "files", plannedFile),
            includesSource: try flag(node, "includesSource"),
            stopSignal: try checked(node, "stopSignal", Self.signal)
        )
    }

    private func action(_ node: YAMLNode) throws(BuildFailure) -> StartRule.Action {
        switch (node["command"], node["arguments"], node["refuse"]) {
        case (.some, nil, nil): return .command(try text(node, "command"))
        case (nil, .some(let list), nil): return .arguments(try strings(list))
        case (nil, nil, .some): return .refuse(try text(node, "refuse"))
        default: throw problem(node, "a way to start has one of 'command', 'arguments' and 'refuse'.")
        }
    }
}
