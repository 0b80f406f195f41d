/// What a setting's value is, and what is allowed in it.
package enum SettingKind: Sendable, Hashable {
    case text(TextFormat)
    /// A whole number; the unit is for people.
    case integer(ClosedRange<Int>, unit: String)
    case bool
    /// One of a few words.
    case choice([String])
    case list(TextFormat)
    /// Names to values.
    case map(TextFormat)
    /// Names to lists of values.
    case lists(TextFormat)
    /// A list of {host, username, passwordFile}.
    case credentials
}

extension SettingKind {
    /// What a value has to be, to complete the sentence "it must be ...".
    package var expectation: String {
        switch self {
        case .text(let format): format.expectation
        case .integer(let range, let unit): "a whole number \(Self.words(range))" + (unit.isEmpty ? "" : " (\(unit))")
        case .bool: "true or false"
        case .choice(let words): "one of " + words.joined(separator: ", ")
        case .list(let format): "a list, each element \(format.expectation)"
        case .map(let format): "a map, each value \(format.expectation)"
        case .lists(let format): "a map to lists, each element \(format.expectation)"
        case .credentials: "a list of {host, username, passwordFile}"
        }
    }

    private static func words(_ range: ClosedRange<Int>) -> String {
        range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
    }

    /// How a flag or an environment variable writes it, in a few words.
    package var flagForm: String {
        switch self {
        case .text, .choice: "text"
        case .integer: "number"
        case .bool: "true|false"
        case .list: "a,b"
        case .map: "name=value,name=value"
        case .lists: "host=a,host=b"
        case .credentials: "host=username:passwordFile,..."
        }
    }
}
