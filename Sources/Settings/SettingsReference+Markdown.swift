extension SettingsReference {
    /// The table of docs/configuration.md, between its two markers.
    package static var markdown: String {
        var text = ""
        for section in [""] + SettingKey.sections {
            text += section.isEmpty ? "" : "\n### \(section)\n\n"
            text += "| key | default | environment, flag | what it does |\n|---|---|---|---|\n"
            for key in SettingKey.all where key.parts.section == section { text += row(key) }
        }
        return text
    }

    private static func row(_ key: SettingKey) -> String {
        let fallback = key.defaultText.map { "`\($0)`" } ?? escaped(key.defaultSummary ?? "")
        let names = "`\(key.environment)`<br>`\(key.flag)`"
        let expectation = "Must be \(key.kind.expectation)."
        let form = forms(key).map { "As a flag: `\($0)`." }
        let words = ([escaped(key.summary), escaped(expectation)] + (form.map { [$0] } ?? [])).joined(separator: " ")
        return "| `\(key.path)` | \(fallback) | \(names) | \(words) |\n"
    }

    /// The form in flags of a value that is more than one word.
    private static func forms(_ key: SettingKey) -> String? {
        switch key.kind {
        case .list, .map, .lists, .credentials: key.example
        default: nil
        }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("*", with: "\\*")
    }
}
