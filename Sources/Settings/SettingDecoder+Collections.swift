internal import Documents

extension SettingDecoder {
    mutating func list(_ node: YAMLNode, _ format: TextFormat) -> [String]? {
        guard let elements = node.elements else {
            report(node, "it must be a list, each element \(format.expectation): [a, b].")
            return nil
        }
        return elements.compactMap { text($0, format) }
    }

    /// A mapping whose names are free and whose values are checked by `value`.
    mutating func members<Value>(
        _ node: YAMLNode,
        value: (inout SettingDecoder, YAMLNode) -> Value?
    ) -> [String: Value]? {
        guard let entries = node.entries else {
            report(node, "it must be a map: {name: value}.")
            return nil
        }
        var members: [String: Value] = [:]
        for entry in entries {
            guard TextFormat.host.accepts(entry.key) else {
                report(entry.value, "'\(entry.key.prefix(80))' is not a name that is allowed here.")
                continue
            }
            members[entry.key] = value(&self, entry.value)
        }
        return members
    }

    mutating func credentials(_ node: YAMLNode) -> [CredentialEntry]? {
        guard let elements = node.elements else {
            report(node, "it must be a list of {host, username, passwordFile}.")
            return nil
        }
        return elements.compactMap { credential($0) }
    }

    private mutating func credential(_ node: YAMLNode) -> CredentialEntry? {
        guard let entries = node.entries else {
            report(node, "each element must be {host, username, passwordFile}.")
            return nil
        }
        let known = ["host", "username", "passwordFile"]
        for entry in entries where !known.contains(entry.key) {
            let hint = NearestName.hint(entry.key, among: known)
            report(
                entry.value,
                "unknown key '\(entry.key.prefix(80))'\(hint); known are host, username and passwordFile."
            )
        }
        guard
            let host = field("host", of: node, .credentialHost),
            let username = field("username", of: node, .any),
            let passwordFile = field("passwordFile", of: node, .path)
        else { return nil }
        return CredentialEntry(host: host, username: username, passwordFile: passwordFile)
    }

    private mutating func field(_ name: String, of node: YAMLNode, _ format: TextFormat) -> String? {
        guard let value = node[name] else {
            report(node, "'\(name)' is missing.")
            return nil
        }
        guard let text = value.string, format.accepts(text) else {
            report(value, "'\(name)' must be \(format.expectation).")
            return nil
        }
        return text
    }
}
