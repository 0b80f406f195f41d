internal import BuildModel
internal import Documents

extension RuleReader {
    /// Where dependencies are listed. What could take nothing, or never counts, is refused.
    func dependencySource(_ node: YAMLNode) throws(BuildFailure) -> DependencySource {
        try check(node, keys: ["files", "except", "path", "like", "unfolded", "unless"])
        guard let files = node["files"] else { throw problem(node, "'files' is missing.") }
        if node["path"] != nil { try checkFormats(files) }
        let like = try node["like"].map { node throws(BuildFailure) in try taking(node) } ?? []
        let isUnfolded = try flag(node, "unfolded") ?? false
        guard !isUnfolded || !like.isEmpty else {
            throw problem(node["unfolded"], "this takes nothing: instructions of a Dockerfile need 'like'.")
        }
        return DependencySource(
            files: try paths(files),
            except: try node["except"].map { node throws(BuildFailure) in try globs(node) } ?? [],
            path: try node["path"] == nil ? nil : path(node),
            like: like,
            isUnfolded: isUnfolded,
            unless: try node["unless"].map { node throws(BuildFailure) in try names(node) } ?? []
        )
    }

    /// Forms of lines, each with the part that names a dependency.
    func taking(_ node: YAMLNode) throws(BuildFailure) -> [GlobPattern] {
        let patterns = try globs(node)
        if let other = patterns.first(where: { $0.hole == nil }) {
            throw problem(
                node,
                "'\(other.text)' takes nothing of a line: write <*>, <name> or <number> where the name stands."
            )
        }
        return patterns
    }

    /// Names of files as they are.
    private func names(_ node: YAMLNode) throws(BuildFailure) -> [String] {
        let names = try strings(node)
        if let pattern = names.first(where: { $0.contains { "*?[{".contains($0) } }) {
            throw problem(node, "'\(pattern)' never counts: 'unless' names files as they are, without patterns.")
        }
        return names
    }

    /// A dotted path, or a list of keys.
    func path(_ node: YAMLNode) throws(BuildFailure) -> [String] {
        if let keys = node["path"], keys.elements != nil { return try strings(keys) }
        let keys = try text(node, "path")
        guard !Template.hasNames(keys) else { throw problem(node["path"], "a path with templates is a list of keys.") }
        return keys.split(separator: ".").map(String.init)
    }

    func checkFormats(_ files: YAMLNode) throws(BuildFailure) {
        for name in try strings(files) where DataFormat(name) == nil && !name.hasSuffix("}}") {
            throw problem(files, "data is read from JSON, TOML, YAML and XML files, which '\(name)' is none of.")
        }
    }
}
