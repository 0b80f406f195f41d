internal import BuildModel

/// A checked value of a setting.
enum SettingValue: Sendable, Hashable {
    case text(String)
    case integer(Int)
    case bool(Bool)
    case list([String])
    case map([String: String])
    case lists([String: [String]])
    case credentials([CredentialEntry])
}

/// One element of a list of credentials, before its file is read.
struct CredentialEntry: Sendable, Hashable {
    var host: String
    var username: String
    var passwordFile: String
}

extension SettingValue {
    /// The value as the file writes it: JSON, which YAML reads too.
    var json: JSONValue {
        switch self {
        case .text(let text): .string(text)
        case .integer(let number): .integer(Int64(number))
        case .bool(let flag): .bool(flag)
        case .list(let list): .array(list.map { .string($0) })
        case .map(let map): .object(map.mapValues { .string($0) })
        case .lists(let lists): .object(lists.mapValues { .array($0.map { .string($0) }) })
        case .credentials(let entries):
            .array(
                entries.map { entry in
                    [
                        "host": .string(entry.host), "username": .string(entry.username),
                        "passwordFile": .string(entry.passwordFile),
                    ]
                }
            )
        }
    }
}
