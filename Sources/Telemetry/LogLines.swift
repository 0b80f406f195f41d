internal import BuildModel
internal import Logging

/// A log event as a line for people.
enum TextLine {
    static func text(
        _ level: Logger.Level,
        _ message: String,
        _ metadata: Logger.Metadata,
        time: String,
        usesColor: Bool
    ) -> String {
        let word = name(of: level)
        let shown = usesColor ? "\u{1B}[\(color(of: level))m\(word)\u{1B}[0m" : word
        let pairs = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(quoted($0.value.description))" }
        return "\(time) \(shown) \(TerminalText.plain(message))\(pairs.joined())"
    }

    private static func quoted(_ value: String) -> String {
        let plain = TerminalText.plain(value)
        let needsQuotes = plain.isEmpty || plain.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        return needsQuotes ? JSONValue.string(plain).canonicalText : plain
    }

    private static func name(of level: Logger.Level) -> String {
        switch level {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO "
        case .notice: "NOTE "
        case .warning: "WARN "
        case .error: "ERROR"
        case .critical: "FATAL"
        }
    }

    private static func color(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "2"
        case .info, .notice: "36"
        case .warning: "33"
        case .error, .critical: "31"
        }
    }
}

/// A log event as a line of JSON; metadata keys are members beside `time`, `level` and `message`.
enum JSONLine {
    static func text(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, time: String) -> String {
        var line: [String: JSONValue] = metadata.mapValues(value)
        line["time"] = .string(time)
        line["level"] = .string(level.rawValue)
        line["message"] = .string(message)
        return JSONValue.object(line).canonicalText
    }

    private static func value(_ value: Logger.MetadataValue) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(Self.value))
        case .dictionary(let values): .object(values.mapValues(Self.value))
        }
    }
}
