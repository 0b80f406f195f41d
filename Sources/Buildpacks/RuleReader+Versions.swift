internal import BuildModel
internal import Documents

extension RuleReader {
    /// The tools of `versions`, by name.
    func tools() throws(BuildFailure) -> [Rule.Tool] {
        guard let map = root["versions"] else { return [] }
        guard let entries = map.entries else { throw problem(map, "'versions' must be a map of tools.") }
        var tools: [Rule.Tool] = []
        for entry in entries { tools.append(try tool(entry)) }
        return tools
    }

    private func tool(_ entry: YAMLNode.Entry) throws(BuildFailure) -> Rule.Tool {
        let node = entry.value
        try check(node, keys: ["dialect", "when", "default", "sources"])
        let dialect = try dialect(node) ?? .prefix
        return Rule.Tool(
            name: entry.key,
            when: node["when"] == nil ? [] : try predicates(node, "when"),
            standard: try node["default"] == nil ? nil : text(node, "default"),
            sources: try list(node, "sources") { source throws(BuildFailure) in try self.source(source, dialect) }
        )
    }

    private func dialect(_ node: YAMLNode) throws(BuildFailure) -> VersionDialect? {
        guard node["dialect"] != nil else { return nil }
        guard let dialect = VersionDialect(rawValue: try text(node, "dialect")) else {
            let known = VersionDialect.allCases.map(\.rawValue).joined(separator: ", ")
            throw problem(node["dialect"], "'dialect' must be one of \(known).")
        }
        return dialect
    }

    /// A predicate that finds the version, or `when` and `is`, or the files of version managers.
    private func source(_ node: YAMLNode, _ standard: VersionDialect) throws(BuildFailure) -> Rule.Tool.Source {
        if let names = node["managers"] {
            try check(node, keys: ["managers"])
            return .init(when: [Self.managers(try strings(names))], dialect: .prefix, form: nil)
        }
        let dialect = try dialect(node) ?? standard
        if node["when"] != nil || node["is"] != nil {
            try check(node, keys: ["when", "is", "dialect", "within"])
            return .init(
                when: node["when"] == nil ? [] : try predicates(node, "when"),
                dialect: dialect,
                form: node["is"] == nil ? nil : try text(node, "is"),
                isWithin: try flag(node, "within") ?? false
            )
        }
        guard let entries = node.entries else { throw problem(node, "this must be a map.") }
        let kept = entries.filter { $0.key != "dialect" }
        let finder = YAMLNode(content: .mapping(kept), line: node.line, column: node.column)
        guard kept.contains(where: { ["data", "line"].contains($0.key) }) else {
            throw problem(node, "a version is found by 'data', 'line', 'managers', or 'when' with 'is'.")
        }
        return .init(when: [try predicate(finder, name: "version")], dialect: dialect, form: nil)
    }

    /// `.tool-versions` of asdf and mise, and mise's own files. Of several versions the first counts, as it does for them.
    private static func managers(_ names: [String]) -> Predicate {
        let lines = LinePredicate(
            files: [GlobPattern(".tool-versions")],
            except: [],
            like: names.flatMap { ["\($0) <*> *", "\($0) <*>"] }.map { GlobPattern($0) },
            name: "version"
        )
        let paths = names.flatMap { [["tools", $0], ["tools", $0, "version"], ["tools", $0, "*"]] }
        return .any([.line(lines)] + paths.map { .data(Self.mise($0)) })
    }

    private static func mise(_ path: [String]) -> DataPredicate {
        DataPredicate(
            files: ["mise.toml", ".mise.toml", ".config/mise.toml"].map { GlobPattern($0) },
            path: path,
            expectation: .text,
            like: [],
            except: [],
            suffixes: [],
            name: "version"
        )
    }
}
