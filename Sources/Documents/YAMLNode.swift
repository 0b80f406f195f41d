package import BuildModel

/// A node of a YAML document that knows where it stands, so that every complaint can name a line.
package struct YAMLNode: Sendable, Hashable {
    /// What the node holds. Aliases are replaced by what they name.
    package indirect enum Content: Sendable, Hashable {
        /// A scalar's text; `isPlain` if it was written without quotes, so that `true` and `"true"` differ.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// Entries in the order of the document; keys are unique.
        case mapping([Entry])
    }

    /// One key with its value.
    package struct Entry: Sendable, Hashable {
        package var key: String
        /// The line of the key, counted from 1.
        package var line: Int
        package var value: YAMLNode

        package init(key: String, line: Int, value: YAMLNode) {
            self.key = key
            self.line = line
            self.value = value
        }
    }

    package var content: Content
    /// Counted from 1.
    package var line: Int
    /// Counted from 1.
    package var column: Int

    package init(content: Content, line: Int, column: Int) {
        self.content = content
        self.line = line
        self.column = column
    }
}

extension YAMLNode {
    /// The value of `key` in a mapping, or nil.
    package subscript(key: String) -> YAMLNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    package var entries: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    package var elements: [YAMLNode]? {
        if case .sequence(let nodes) = content { nodes } else { nil }
    }

    /// The text of a scalar, however it was quoted; nil for a plain `null`, `~` or nothing.
    package var string: String? {
        guard case .scalar(let text, let isPlain) = content else { return nil }
        return isPlain && ["", "~", "null", "Null", "NULL"].contains(text) ? nil : text
    }

    /// A plain scalar that is a whole decimal number.
    package var integer: Int64? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        return Int64(text)
    }

    /// A plain `true` or `false` (YAML 1.2 core schema; `yes` and `on` are strings).
    package var bool: Bool? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        switch text {
        case "true", "True", "TRUE": return true
        case "false", "False", "FALSE": return false
        default: return nil
        }
    }

    package var isNull: Bool {
        if case .scalar(_, isPlain: true) = content { string == nil } else { false }
    }

    /// The node as JSON, by YAML 1.2's core schema.
    package var json: JSONValue {
        switch content {
        case .sequence(let nodes): .array(nodes.map(\.json))
        case .mapping(let entries):
            .object(Dictionary(entries.map { ($0.key, $0.value.json) }, uniquingKeysWith: { _, last in last }))
        case .scalar(let text, let isPlain):
            if isNull {
                .null
            } else if let bool {
                .bool(bool)
            } else if let integer {
                .integer(integer)
            } else if isPlain, text.utf8.first.map({ (43...57).contains($0) }) == true, let number = Double(text) {
                .number(number)
            } else {
                .string(text)
            }
        }
    }
}
