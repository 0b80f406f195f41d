internal import BuildModel
internal import Documents

extension RuleReader {
    /// A mapping with one of the kinds of predicate as a key.
    func predicate(_ node: YAMLNode) throws(BuildFailure) -> Predicate {
        try check(node, keys: ["file", "glob", "data", "line", "not", "any", "all", "as"])
        let kinds = (node.entries ?? []).filter { $0.key != "as" }
        guard let kind = kinds.first, kinds.count == 1 else {
            throw problem(node, "a predicate is one of file, glob, data, line, not, any and all.")
        }
        let name = try node["as"] == nil ? nil : text(node, "as")
        guard name == nil || ["file", "glob", "data", "line"].contains(kind.key) else {
            throw problem(node["as"], "'\(kind.key)' finds nothing that 'as' could name.")
        }
        switch kind.key {
        case "file": return .file(try strings(kind.value), name: name)
        case "glob": return .glob(try globs(kind.value), name: name)
        case "data": return .data(try data(kind.value, name: name))
        case "line": return .line(try line(kind.value, name: name))
        case "not": return .not(try predicate(kind.value))
        case "any": return .any(try predicates(node, "any"))
        default: return .all(try predicates(node, "all"))
        }
    }

    private func globs(_ node: YAMLNode) throws(BuildFailure) -> [GlobPattern] {
        try strings(node).map { GlobPattern($0) }
    }

    private func data(_ node: YAMLNode, name: String?) throws(BuildFailure) -> DataPredicate {
        try check(node, keys: ["file", "path", "is", "like", "except", "suffixes"])
        let file = try text(node, "file")
        guard file.hasSuffix(".json") || file.hasSuffix(".toml") || file == "Pipfile" else {
            throw problem(node["file"], "data is read from .json and .toml files.")
        }
        let word = try node["is"] == nil ? "present" : text(node, "is")
        guard let expectation = DataPredicate.Expectation(rawValue: word) else {
            let known = DataPredicate.Expectation.allCases.map(\.rawValue).joined(separator: ", ")
            throw problem(node["is"], "'is' must be one of \(known).")
        }
        return DataPredicate(
            file: file,
            path: try text(node, "path").split(separator: ".").map(String.init),
            expectation: expectation,
            like: try node["like"] == nil ? nil : GlobPattern(text(node, "like")),
            except: try node["except"].map { node throws(BuildFailure) in try strings(node) } ?? [],
            suffixes: try node["suffixes"].map { node throws(BuildFailure) in try strings(node) } ?? [],
            name: name
        )
    }

    private func line(_ node: YAMLNode, name: String?) throws(BuildFailure) -> LinePredicate {
        try check(node, keys: ["files", "except", "like"])
        guard let files = node["files"], let like = node["like"] else {
            throw problem(node, "a line has 'files' and 'like'.")
        }
        return LinePredicate(
            files: try globs(files),
            except: try node["except"].map { node throws(BuildFailure) in try globs(node) } ?? [],
            like: try globs(like),
            name: name
        )
    }
}
