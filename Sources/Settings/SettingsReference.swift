internal import BuildModel

/// The reference of the configuration, made of the table of keys: what config/worker.yaml, config/worker.schema.json and
/// docs/configuration.md have to hold.
package enum SettingsReference {
    /// config/worker.yaml: every key with its default, commented out, so that a file that is kept through upgrades never pins
    /// yesterday's defaults.
    package static var yaml: String {
        var text = """
            # The configuration of a Slipway worker. Every key is here with its default, or with an example where there is none;
            # remove the '#' in front of a key to set it. A key is also an environment variable and a flag of 'slipway worker':
            # redis.url is SLIPWAY_REDIS_URL and --redis-url. A flag wins over the environment, that over this file.
            # Secrets are never written here: a key that ends in File names the file that holds one.
            # 'slipway worker --config FILE --check-config' names every unknown key and bad value.

            """
        for section in [""] + SettingKey.sections {
            if !section.isEmpty { text += "\n\(section):\n" }
            for key in SettingKey.all where key.parts.section == section { text += yaml(key) }
        }
        return text
    }

    private static func yaml(_ key: SettingKey) -> String {
        let indent = key.parts.section.isEmpty ? "" : "  "
        let fallback = key.defaultSummary.map { " Default: \($0)." } ?? ""
        let kind = if case .text = key.kind { "" } else { " Allowed: \(key.kind.expectation)." }
        let comment = wrapped(key.summary + kind + fallback, indent: indent + "# ")
        return "\n\(comment)\(indent)#\(key.parts.name): \(yamlValue(key))\n"
    }

    /// The default or example on one line: a scalar as it is, a collection as JSON, which YAML reads.
    private static func yamlValue(_ key: SettingKey) -> String {
        let value = shown(key)
        return value.string ?? value.canonicalText
    }

    /// The default, or the example where there is none.
    private static func shown(_ key: SettingKey) -> JSONValue {
        decoded(key, key.defaultText ?? key.example ?? "") ?? .null
    }

    static func decoded(_ key: SettingKey, _ text: String) -> JSONValue? {
        SettingDecoder.decode(RawSetting(key, .builtIn, text: text)).value?.json
    }

    private static func wrapped(_ text: String, indent: String) -> String {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count < 120 {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(indent + word)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
