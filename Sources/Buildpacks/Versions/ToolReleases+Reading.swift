internal import BuildModel
internal import Documents

extension ToolReleases {
    /// Reads one file of the version index; its form is in docs/buildpacks.md.
    ///
    /// - Throws: `BuildFailure` with code `invalid_rule`, file and line.
    init(_ bytes: [UInt8], file: String) throws(BuildFailure) {
        let reader = RuleReader(file: file)
        let root: YAMLNode
        do {
            root = try YAMLDocument.parse(bytes, name: file)
        } catch {
            throw BuildFailure(.platform, .invalidRule, operation: "versions.load", message: error.message)
        }
        try reader.check(root, keys: ["tool", "updated", "default", "aliases", "cycles"])
        tool = try reader.text(root, "tool")
        updated = try reader.day(root, "updated")
        standard = try reader.version(root, "default")
        aliases = try reader.texts(root, "aliases")
        cycles = try reader.list(root, "cycles", reader.cycle)
        guard !cycles.isEmpty else { throw reader.problem(root, "'cycles' must be a list with something in it.") }
        cycles.sort { ($0.versions.first ?? $1.versions[0]) > ($1.versions.first ?? $0.versions[0]) }
    }
}

extension RuleReader {
    fileprivate func cycle(_ node: YAMLNode) throws(BuildFailure) -> ToolReleases.Cycle {
        try check(node, keys: ["cycle", "endOfLife", "longTerm", "versions", "standsIn"])
        guard let list = node["versions"] else { throw problem(node, "'versions' is missing.") }
        var versions: [Version] = []
        for text in try strings(list) { versions += try run(text, list) }
        return ToolReleases.Cycle(
            name: try text(node, "cycle"),
            endOfLife: node["endOfLife"] == nil ? nil : try day(node, "endOfLife"),
            longTerm: node["longTerm"] == nil ? nil : try day(node, "longTerm"),
            versions: versions.sorted(by: >),
            standsIn: try flag(node, "standsIn") ?? false
        )
    }

    /// `3.13.5`, or `3.13.0..7` for all from the first to the one that ends with the last number.
    private func run(_ text: String, _ node: YAMLNode) throws(BuildFailure) -> [Version] {
        let ends = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let gap = ends.firstIndex(of: "") else { return [try version(text, node)] }
        let first = try version(ends[..<gap].joined(separator: "."), node)
        let place = first.components.count - 1
        guard gap == ends.count - 2, let last = Int(ends[gap + 1]), (first[place]...(first[place] + 200)).contains(last)
        else {
            throw problem(node, "'\(text)' is no run of versions such as '3.13.0..7'.")
        }
        return (first[place]...last).map { number in
            var version = first
            version.components[place] = number
            return version
        }
    }

    fileprivate func version(_ node: YAMLNode, _ key: String) throws(BuildFailure) -> Version {
        try version(try text(node, key), node[key] ?? node)
    }

    private func version(_ text: String, _ node: YAMLNode) throws(BuildFailure) -> Version {
        guard let version = Version(text) else { throw problem(node, "'\(text)' is no version.") }
        return version
    }

    fileprivate func day(_ node: YAMLNode, _ key: String) throws(BuildFailure) -> String {
        let text = try text(node, key)
        let form = text.map { $0.isASCII && $0.isNumber ? "0" : $0 }
        guard String(form) == "0000-00-00" else { throw problem(node[key], "'\(key)' must be a day, YYYY-MM-DD.") }
        return text
    }
}
