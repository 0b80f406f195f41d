package import BuildModel
internal import Documents

/// Where a setting's value came from.
package enum SettingOrigin: Sendable, Hashable {
    case file(String)
    case environment(String)
    case flag(String)
    case builtIn
}

extension SettingOrigin: CustomStringConvertible {
    package var description: String {
        switch self {
        case .file(let name): name
        case .environment(let name): "environment variable \(name)"
        case .flag(let name): "flag \(name)"
        case .builtIn: "default"
        }
    }
}

/// One thing that is wrong with the configuration.
package struct SettingsProblem: Sendable, Hashable {
    package var origin: SettingOrigin
    /// Counted from 1; nil unless the origin is a file.
    package var line: Int?
    /// Counted from 1; nil unless the origin is a file.
    package var column: Int?
    /// The key, if it is about one.
    package var key: String?
    /// What is wrong and what is allowed, as a sentence.
    package var message: String

    init(_ origin: SettingOrigin, line: Int? = nil, column: Int? = nil, key: String? = nil, _ message: String) {
        self.origin = origin
        self.line = line
        self.column = column
        self.key = key
        self.message = message
    }

    /// A problem with the value in `node`, which has a place only if it is from a file.
    init(_ origin: SettingOrigin, at node: YAMLNode?, key: String, _ message: String) {
        let isFile = if case .file = origin { true } else { false }
        self.init(origin, line: isFile ? node?.line : nil, column: isFile ? node?.column : nil, key: key, message)
    }
}

extension SettingsProblem: CustomStringConvertible {
    /// `worker.yaml:3:8: redis.url: it must be ...`.
    package var description: String {
        let position = line.map { ":\($0)" + (column.map { ":\($0)" } ?? "") } ?? ""
        return "\(origin)\(position): " + (key.map { "\($0): " } ?? "") + message
    }
}

/// Everything that is wrong with the configuration, in the order of file, environment, flags.
package struct SettingsProblems: Error, Sendable, Hashable {
    package var problems: [SettingsProblem]

    init(_ problems: [SettingsProblem]) {
        self.problems = problems
    }

    /// All of it as one failure with code `invalid_configuration`, one problem per line.
    package var failure: BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "settings.load",
            message: problems.map(\.description).joined(separator: "\n")
        )
    }
}

extension SettingsProblems: CustomStringConvertible {
    package var description: String { failure.message }
}
