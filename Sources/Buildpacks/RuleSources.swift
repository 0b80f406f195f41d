internal import BuildModel
internal import Documents
internal import Platform

/// The rule files of a directory, parsed: rules, and what rules extend (`_NAME.yaml`).
struct RuleSources {
    private var nodes: [String: (node: YAMLNode, bytes: [UInt8])] = [:]

    init(files: [String: [UInt8]]) throws(BuildFailure) {
        for (file, bytes) in files {
            do {
                nodes[file] = (try YAMLDocument.parse(bytes, name: file), bytes)
            } catch {
                throw BuildFailure(.platform, .invalidRule, operation: "rules.load", message: error.message)
            }
        }
    }

    /// Every rule, by name. Each base is read by itself too, so that what is wrong with it is named with its own place.
    func rules() throws(BuildFailure) -> [Rule] {
        var rules: [Rule] = []
        let pool = PatternPool()
        for file in nodes.keys.sorted() {
            let (node, digest) = try merged(file, depth: 0)
            let name = String(file.split(separator: ".").first ?? "")
            let identity = RuleIdentity(name: name, digest: digest)
            let reader = RuleReader(file: file, root: node, isBase: name.hasPrefix("_"), pool: pool)
            let rule = try reader.rule(identity: identity)
            if !name.hasPrefix("_") { rules.append(rule) }
        }
        return rules
    }

    /// The file's node with what it extends put in, and a digest over all files that it is made of.
    private func merged(_ file: String, depth: Int) throws(BuildFailure) -> (YAMLNode, Digest) {
        guard let (node, bytes) = nodes[file] else { return (.empty, Digest(of: [])) }
        guard let base = node["extends"] else { return (node, Digest(of: bytes)) }
        let name = "_\(base.string ?? "").yaml"
        guard depth < 4, nodes[name] != nil else {
            throw BuildFailure.rule(file, line: base.line, "'extends' must name a file: there is no \(name) to extend.")
        }
        let (inherited, digest) = try merged(name, depth: depth + 1)
        return (Self.merge(node, into: inherited), Digest(of: Array("\(Digest(of: bytes)) \(digest)".utf8)))
    }

    /// Maps are joined, of which the file's own entries go before; a list takes the base's place, and `...` in it stands for
    /// what was there.
    private static func merge(_ own: YAMLNode, into base: YAMLNode) -> YAMLNode {
        if let entries = own.entries, let inherited = base.entries {
            var merged = entries.map { entry in
                guard let other = inherited.first(where: { $0.key == entry.key }) else { return entry }
                return YAMLNode.Entry(key: entry.key, line: entry.line, value: merge(entry.value, into: other.value))
            }
            merged += inherited.filter { other in !entries.contains { $0.key == other.key } }
            return YAMLNode(content: .mapping(merged), line: own.line, column: own.column)
        }
        if let elements = own.elements, let inherited = base.elements {
            let merged = elements.flatMap { $0.string == "..." ? inherited : [$0] }
            return YAMLNode(content: .sequence(merged), line: own.line, column: own.column)
        }
        return own
    }
}
