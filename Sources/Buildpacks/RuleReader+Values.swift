internal import BuildModel
internal import Documents

extension RuleReader {
    func problem(_ node: YAMLNode?, _ message: String) -> BuildFailure {
        .rule(file, line: node?.line ?? 1, message)
    }

    /// Refuses what is no mapping, and keys that nobody reads.
    func check(_ node: YAMLNode, keys: [String]) throws(BuildFailure) {
        guard let entries = node.entries else { throw problem(node, "this must be a map.") }
        for entry in entries where !keys.contains(entry.key) {
            let known = keys.joined(separator: ", ")
            throw BuildFailure.rule(file, line: entry.line, "unknown key '\(entry.key)'; known here are \(known).")
        }
    }

    func text(_ node: YAMLNode, _ key: String) throws(BuildFailure) -> String {
        guard let value = node[key] else { throw problem(node, "'\(key)' is missing.") }
        guard let text = value.string, !text.isEmpty else { throw problem(value, "'\(key)' must be a text.") }
        return text
    }

    func integer(_ node: YAMLNode, _ key: String, in range: ClosedRange<Int64>) throws(BuildFailure) -> Int? {
        guard let value = node[key] else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw problem(value, "'\(key)' must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return Int(number)
    }

    func flag(_ node: YAMLNode, _ key: String) throws(BuildFailure) -> Bool? {
        guard let value = node[key] else { return nil }
        guard let flag = value.bool else { throw problem(value, "'\(key)' must be true or false.") }
        return flag
    }

    /// The absolute path at a key, if there is one.
    func absolute(_ node: YAMLNode, _ key: String) throws(BuildFailure) -> String? {
        guard let value = node[key] else { return nil }
        return try absolute(value, named: "'\(key)'")
    }

    func absolute(_ node: YAMLNode) throws(BuildFailure) -> String {
        try absolute(node, named: "this")
    }

    private func absolute(_ node: YAMLNode, named name: String) throws(BuildFailure) -> String {
        let path = node.string ?? ""
        if let fault = SandboxPath.fault(path) { throw problem(node, "\(name) must be \(fault).") }
        return path
    }

    /// A text or a list of texts.
    func strings(_ node: YAMLNode) throws(BuildFailure) -> [String] {
        var strings: [String] = []
        for element in node.elements ?? [node] {
            guard let text = element.string, !text.isEmpty else { throw problem(element, "this must be a text.") }
            strings.append(text)
        }
        guard !strings.isEmpty else { throw problem(node, "this must not be empty.") }
        return strings
    }

    func texts(_ node: YAMLNode, _ key: String) throws(BuildFailure) -> [String: String] {
        guard let map = node[key] else { return [:] }
        guard let entries = map.entries else { throw problem(map, "'\(key)' must be a map.") }
        var texts: [String: String] = [:]
        for entry in entries {
            guard let text = entry.value.string else { throw problem(entry.value, "'\(entry.key)' must be a text.") }
            texts[entry.key] = text
        }
        return texts
    }

    func list<Element>(
        _ node: YAMLNode,
        _ key: String,
        _ read: (YAMLNode) throws(BuildFailure) -> Element
    ) throws(BuildFailure) -> [Element] {
        guard let list = node[key] else { return [] }
        guard let elements = list.elements else { throw problem(list, "'\(key)' must be a list.") }
        var result: [Element] = []
        for element in elements { result.append(try read(element)) }
        return result
    }
}
