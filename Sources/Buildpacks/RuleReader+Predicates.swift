internal import BuildModel
internal import Documents

extension RuleReader {
    private static let kinds = [
        "file", "directory", "glob", "data", "line", "needs", "value", "variable", "not", "any", "all",
    ]

    func predicates(_ node: YAMLNode, _ key: String) throws(BuildFailure) -> [Predicate] {
        let predicates = try list(node, key) { node throws(BuildFailure) in try predicate(node) }
        guard !predicates.isEmpty else { throw problem(node, "'\(key)' must be a list with something in it.") }
        for (index, one) in predicates.enumerated() {
            let others = predicates[..<index]
            if others.contains(one) {
                throw problem(node[key]?.elements?[index], "this stands here twice.")
            }
            if key != "any", others.contains(.not(one)) || others.contains(where: { .not($0) == one }) {
                throw problem(node[key]?.elements?[index], "this can never hold: its opposite has to hold too.")
            }
        }
        return predicates
    }

    /// A mapping with one of the kinds of predicate as a key.
    ///
    /// - Parameter name: what is found is called, if the predicate does not say so itself.
    func predicate(_ node: YAMLNode, name given: String? = nil) throws(BuildFailure) -> Predicate {
        try check(node, keys: Self.kinds + ["as"])
        let kinds = (node.entries ?? []).filter { $0.key != "as" }
        guard let kind = kinds.first, kinds.count == 1 else {
            throw problem(node, "a predicate is one of \(Self.kinds.joined(separator: ", ")).")
        }
        let name = try node["as"] == nil ? given : text(node, "as")
        guard name == nil || ["file", "glob", "data", "line"].contains(kind.key) else {
            throw problem(node["as"], "'\(kind.key)' finds nothing that 'as' could name.")
        }
        switch kind.key {
        case "file": return .file(try strings(kind.value), name: name)
        case "directory": return .directory(try strings(kind.value))
        case "glob": return .glob(try paths(kind.value), name: name)
        case "data": return .data(try data(kind.value, name: name))
        case "line": return .line(try line(kind.value, name: name))
        case "needs": return try needs(kind.value)
        case "value": return try value(kind.value)
        case "variable": return .variable(try strings(kind.value))
        case "not": return .not(try predicate(kind.value))
        case "any": return .any(try predicates(node, "any"))
        default: return .all(try predicates(node, "all"))
        }
    }

    func globs(_ node: YAMLNode) throws(BuildFailure) -> [GlobPattern] {
        pool.patterns(try strings(node))
    }

    /// Patterns for lines, texts and names, which stand for no path.
    func textGlobs(_ node: YAMLNode) throws(BuildFailure) -> [GlobPattern] {
        pool.patterns(try strings(node), isOfLines: true)
    }

    /// Patterns for paths, none of which leads into a directory that is ignored.
    func paths(_ node: YAMLNode) throws(BuildFailure) -> [GlobPattern] {
        let patterns = try globs(node)
        for pattern in patterns {
            let directories = pattern.text.split(separator: "/").dropLast()
            if !pattern.isName, let ignored = directories.first(where: { ignore.contains(String($0)) }) {
                throw problem(node, "'\(pattern.text)' can never match: '\(ignored)' is in 'ignore'.")
            }
        }
        return patterns
    }

    private func needs(_ node: YAMLNode) throws(BuildFailure) -> Predicate {
        guard isBase || root["dependencies"] != nil else {
            throw problem(node, "this can never hold: the rule has no 'dependencies'.")
        }
        return .needs(pool.patterns(try strings(node).map(DependencyNames.normalised)))
    }

    /// The name of a value, or {name, is}.
    private func value(_ node: YAMLNode) throws(BuildFailure) -> Predicate {
        let name: String
        if let text = node.string {
            name = text
        } else {
            try check(node, keys: ["name", "is"])
            name = try text(node, "name")
        }
        guard isBase || names.contains(name) || RuleContext.customNames.contains(name) else {
            throw problem(node, "this can never hold: there is no '\(name)' in 'values' or 'versions'.")
        }
        return .value(name, try node["is"].map { node throws(BuildFailure) in try textGlobs(node) } ?? [])
    }

    private func data(_ node: YAMLNode, name: String?) throws(BuildFailure) -> DataPredicate {
        try check(node, keys: ["file", "path", "is", "like", "except", "suffixes"])
        guard let files = node["file"] else { throw problem(node, "'file' is missing.") }
        try checkFormats(files)
        let word = try node["is"] == nil ? (node["like"] == nil ? "present" : "text") : text(node, "is")
        guard let expectation = DataPredicate.Expectation(rawValue: word) else {
            let known = DataPredicate.Expectation.allCases.map(\.rawValue).joined(separator: ", ")
            throw problem(node["is"], "'is' must be one of \(known).")
        }
        guard expectation != .present || node["except"] == nil else {
            throw problem(node["except"], "'except' has no effect on what is only 'present'.")
        }
        return DataPredicate(
            files: try paths(files),
            path: try path(node),
            expectation: name == "version" ? .text : expectation,
            like: try node["like"].map { node throws(BuildFailure) in try textGlobs(node) } ?? [],
            except: try node["except"].map { node throws(BuildFailure) in try textGlobs(node) } ?? [],
            suffixes: try node["suffixes"].map { node throws(BuildFailure) in try strings(node) } ?? [],
            name: name
        )
    }

    private func line(_ node: YAMLNode, name: String?) throws(BuildFailure) -> LinePredicate {
        try check(node, keys: ["files", "except", "like", "without", "outermost", "joined", "packed", "unfolded"])
        guard let files = node["files"], let like = node["like"] else {
            throw problem(node, "a line has 'files' and 'like'.")
        }
        return LinePredicate(
            files: try paths(files),
            except: try node["except"].map { node throws(BuildFailure) in try globs(node) } ?? [],
            like: try textGlobs(like),
            without: try node["without"].map { node throws(BuildFailure) in try textGlobs(node) } ?? [],
            isOutermost: try flag(node, "outermost") ?? false,
            isJoined: try flag(node, "joined") ?? false,
            form: try form(node),
            name: name
        )
    }

    private func form(_ node: YAMLNode) throws(BuildFailure) -> LinePredicate.Form {
        let (isPacked, isUnfolded) = (try flag(node, "packed") ?? false, try flag(node, "unfolded") ?? false)
        guard !(isPacked && isUnfolded) else { throw problem(node, "a line is 'packed' or 'unfolded', not both.") }
        return isPacked ? .packed : isUnfolded ? .unfolded : .written
    }
}
