internal import Documents

/// A value as somebody wrote it, in the shape of a YAML node whatever its origin, so that one decoder checks all.
struct RawSetting {
    var key: SettingKey
    var origin: SettingOrigin
    var node: YAMLNode

    init(_ key: SettingKey, _ origin: SettingOrigin, node: YAMLNode) {
        self.key = key
        self.origin = origin
        self.node = node
    }

    /// A value from a flag or an environment variable, in the form that `SettingKind.flagForm` shows.
    init(_ key: SettingKey, _ origin: SettingOrigin, text: String) {
        self.init(key, origin, node: Self.node(text, kind: key.kind))
    }

    private static func node(_ text: String, kind: SettingKind) -> YAMLNode {
        switch kind {
        case .text, .choice: scalar(text)
        case .integer, .bool: YAMLNode(content: .scalar(text, isPlain: true), line: 1, column: 1)
        case .list: sequence(elements(text).map { scalar(String($0)) })
        case .map: mapping(pairs(text).map { ($0.name, scalar($0.value)) })
        case .lists: mapping(grouped(pairs(text)).map { ($0.name, sequence($0.values.map(scalar))) })
        case .credentials: sequence(pairs(text).map(credential))
        }
    }

    private static func elements(_ text: String) -> [Substring] {
        text.split(separator: ",").map { $0.trimming(while: { $0 == " " }) }
    }

    /// `name=value` pairs; one without `=` has an empty value, which the decoder refuses.
    private static func pairs(_ text: String) -> [(name: String, value: String)] {
        elements(text).map { element in
            let parts = element.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
    }

    private static func grouped(_ pairs: [(name: String, value: String)]) -> [(name: String, values: [String])] {
        var groups: [(name: String, values: [String])] = []
        for pair in pairs {
            if let index = groups.firstIndex(where: { $0.name == pair.name }) {
                groups[index].values.append(pair.value)
            } else {
                groups.append((pair.name, [pair.value]))
            }
        }
        return groups
    }

    private static func credential(_ pair: (name: String, value: String)) -> YAMLNode {
        let parts = pair.value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let file = parts.count > 1 ? String(parts[1]) : ""
        return mapping([
            ("host", scalar(pair.name)), ("username", scalar(String(parts[0]))), ("passwordFile", scalar(file)),
        ])
    }

    private static func scalar(_ text: String) -> YAMLNode {
        YAMLNode(content: .scalar(text, isPlain: false), line: 1, column: 1)
    }

    private static func sequence(_ nodes: [YAMLNode]) -> YAMLNode {
        YAMLNode(content: .sequence(nodes), line: 1, column: 1)
    }

    private static func mapping(_ entries: [(String, YAMLNode)]) -> YAMLNode {
        let entries = entries.map { YAMLNode.Entry(key: $0.0, line: 1, value: $0.1) }
        return YAMLNode(content: .mapping(entries), line: 1, column: 1)
    }
}

extension Substring {
    /// Without the characters at both ends for which `isDropped` holds.
    fileprivate func trimming(while isDropped: (Character) -> Bool) -> Substring {
        var text = drop(while: isDropped)
        while let last = text.last, isDropped(last) { text.removeLast() }
        return text
    }
}
