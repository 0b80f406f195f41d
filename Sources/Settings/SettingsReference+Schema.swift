package import BuildModel

extension SettingsReference {
    /// config/worker.schema.json: JSON Schema 2020-12, for editors.
    package static var schema: JSONValue {
        var properties: [String: JSONValue] = [:]
        for key in SettingKey.all where key.parts.section.isEmpty { properties[key.path] = property(key) }
        for section in SettingKey.sections { properties[section] = self.section(section) }
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Configuration of a Slipway worker",
            "type": ["object", "null"],
            "additionalProperties": false,
            "properties": .object(properties),
        ]
    }

    private static func section(_ name: String) -> JSONValue {
        let keys = SettingKey.all.filter { $0.parts.section == name }
        let properties = Dictionary(keys.map { ($0.parts.name, property($0)) }, uniquingKeysWith: { first, _ in first })
        return [
            "type": ["object", "null"],
            "additionalProperties": false,
            "properties": .object(properties),
        ]
    }

    private static func property(_ key: SettingKey) -> JSONValue {
        var schema = type(of: key.kind)
        schema["description"] = .string(key.summary)
        if let text = key.defaultText { schema["default"] = decoded(key, text) }
        return schema
    }

    private static func type(of kind: SettingKind) -> JSONValue {
        switch kind {
        case .text(let format): text(format)
        case .integer(let range, _):
            [
                "type": "integer", "minimum": .integer(Int64(range.lowerBound)),
                "maximum": .integer(Int64(range.upperBound)),
            ]
        case .bool: ["type": "boolean"]
        case .choice(let words): ["enum": .array(words.flatMap(spellings))]
        case .list(let format): list(of: text(format))
        case .map(let format): ["type": "object", "additionalProperties": text(format)]
        case .lists(let format): ["type": "object", "additionalProperties": list(of: text(format))]
        case .credentials: list(of: credential)
        }
    }

    /// A choice named `true` is a boolean to a schema, unless it is quoted.
    private static func spellings(_ word: String) -> [JSONValue] {
        switch word {
        case "true": [.string(word), true]
        case "false": [.string(word), false]
        default: [.string(word)]
        }
    }

    private static func text(_ format: TextFormat) -> JSONValue {
        var schema: JSONValue = ["type": "string", "minLength": 1]
        if format == .byteCount { schema["type"] = ["string", "integer"] }
        if let pattern = format.pattern { schema["pattern"] = .string(pattern) }
        return schema
    }

    private static func list(of items: JSONValue) -> JSONValue { ["type": "array", "items": items] }

    private static var credential: JSONValue {
        [
            "type": "object",
            "additionalProperties": false,
            "required": ["host", "username", "passwordFile"],
            "properties": [
                "host": text(.credentialHost), "username": text(.any), "passwordFile": text(.path),
            ],
        ]
    }
}
