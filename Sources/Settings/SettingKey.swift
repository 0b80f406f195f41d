/// One key of the configuration. The table `SettingKey.all` is the only place that knows the keys: the file's reader, the
/// environment, the flags, config/worker.yaml, the JSON schema and docs/configuration.md are all made of it.
package struct SettingKey: Sendable, Hashable {
    /// The dotted path in the file, such as `redis.url`.
    package var path: String
    package var kind: SettingKind
    /// The default in the form that a flag takes, or nil if there is none or it depends on the node.
    package var defaultText: String?
    /// The default in words, where it is not a fixed text.
    package var defaultSummary: String?
    /// A value to show where there is no default, in the form that a flag takes.
    package var example: String?
    /// What the key does, in one or two sentences for an operator.
    package var summary: String
    /// Whether the value names a file with a secret in it.
    package var isSecretFile: Bool

    init(
        _ path: String,
        _ kind: SettingKind,
        default defaultText: String? = nil,
        or defaultSummary: String? = nil,
        example: String? = nil,
        isSecretFile: Bool = false,
        _ summary: String
    ) {
        self.path = path
        self.kind = kind
        self.defaultText = defaultText
        self.defaultSummary = defaultSummary
        self.example = example
        self.summary = summary
        self.isSecretFile = isSecretFile
    }
}

extension SettingKey {
    /// The environment variable: `redis.passwordFile` is `SLIPWAY_REDIS_PASSWORD_FILE`.
    package var environment: String { "SLIPWAY_" + words.joined(separator: "_").uppercased() }

    /// The command line flag: `redis.passwordFile` is `--redis-password-file`.
    package var flag: String { "--" + words.joined(separator: "-") }

    /// The section in the file (empty at the top) and the name in it.
    var parts: (section: String, name: String) {
        guard let dot = path.firstIndex(of: ".") else { return ("", path) }
        return (String(path[..<dot]), String(path[path.index(after: dot)...]))
    }

    /// Lower-case words of the path; a run of capitals is one word, so that `plainHTTP` is `plain`, `http`.
    private var words: [String] {
        var words: [String] = []
        var previous: Character = "."
        for character in path {
            let startsWord = previous == "." || (character.isUppercase && !previous.isUppercase)
            if startsWord { words.append("") }
            if character != ".", !words.isEmpty { words[words.count - 1].append(contentsOf: character.lowercased()) }
            previous = character
        }
        return words
    }
}
