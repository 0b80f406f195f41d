internal import Documents

/// Checked values of all keys that have one, each with its origin: flags go before the environment, that before the file,
/// that before the defaults.
struct SettingValues {
    private(set) var values: [String: SettingValue] = [:]
    private var winners: [String: RawSetting] = [:]
    private(set) var problems: [SettingsProblem] = []
    private(set) var warnings: [SettingsProblem] = []

    init(file: SettingsFile?, environment: [String: String], flags: [String: String]) {
        for key in SettingKey.all {
            if let text = key.defaultText { take(RawSetting(key, .builtIn, text: text)) }
        }
        if let file {
            problems += file.problems
            file.settings.forEach { take($0) }
        }
        take(environment)
        take(flags: flags)
    }

    /// An empty variable counts as unset: units and compose files cannot always leave one out.
    private mutating func take(_ environment: [String: String]) {
        for key in SettingKey.all {
            guard let text = environment[key.environment], !text.isEmpty else { continue }
            take(RawSetting(key, .environment(key.environment), text: text))
        }
        // Not an error: a cluster puts SLIPWAY_SERVICE_HOST and the like into every container beside a Service of that name.
        let known = SettingKey.all.map(\.environment)
        for name in environment.keys.sorted() where name.hasPrefix("SLIPWAY_") && !known.contains(name) {
            guard let nearest = NearestName.of(name, among: known) else { continue }
            warnings.append(SettingsProblem(.environment(name), "it means nothing; did you mean \(nearest)?"))
        }
    }

    private mutating func take(flags: [String: String]) {
        for key in SettingKey.all {
            if let text = flags[key.flag] { take(RawSetting(key, .flag(key.flag), text: text)) }
        }
        let known = SettingKey.all.map(\.flag)
        for flag in flags.keys.sorted() where !known.contains(flag) {
            problems.append(SettingsProblem(.flag(flag), "unknown flag\(NearestName.hint(flag, among: known))."))
        }
    }

    private mutating func take(_ raw: RawSetting) {
        let (value, found) = SettingDecoder.decode(raw)
        problems += found
        guard let value else { return }
        values[raw.key.path] = value
        winners[raw.key.path] = raw
    }

    /// Where each value came from, by path.
    var origins: [String: SettingOrigin] { winners.mapValues(\.origin) }

    /// Notes a problem at the place where the value of `path` was given.
    mutating func report(_ path: String, _ message: String) {
        let winner = winners[path]
        problems.append(SettingsProblem(winner?.origin ?? .builtIn, at: winner?.node, key: path, message))
    }
}

extension SettingValues {
    func text(_ path: String) -> String? {
        if case .text(let text) = values[path] { text } else { nil }
    }

    func integer(_ path: String) -> Int {
        if case .integer(let number) = values[path] { number } else { 0 }
    }

    func bool(_ path: String) -> Bool {
        if case .bool(let flag) = values[path] { flag } else { false }
    }

    func list(_ path: String) -> [String]? {
        if case .list(let list) = values[path] { list } else { nil }
    }

    func map(_ path: String) -> [String: String] {
        if case .map(let map) = values[path] { map } else { [:] }
    }

    func lists(_ path: String) -> [String: [String]] {
        if case .lists(let lists) = values[path] { lists } else { [:] }
    }

    func credentials(_ path: String) -> [CredentialEntry] {
        if case .credentials(let entries) = values[path] { entries } else { [] }
    }
}
