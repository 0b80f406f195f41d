internal import Documents

/// Checks one raw value against its key's kind, and collects what is wrong.
struct SettingDecoder {
    private let key: SettingKey
    private let origin: SettingOrigin
    private(set) var problems: [SettingsProblem] = []

    private init(_ raw: RawSetting) {
        key = raw.key
        origin = raw.origin
    }

    /// The checked value, or nil and at least one problem.
    static func decode(_ raw: RawSetting) -> (value: SettingValue?, problems: [SettingsProblem]) {
        var decoder = SettingDecoder(raw)
        let value = decoder.value(of: raw.node)
        return (decoder.problems.isEmpty ? value : nil, decoder.problems)
    }

    private mutating func value(of node: YAMLNode) -> SettingValue? {
        switch key.kind {
        case .text(let format): text(node, format).map { .text($0) }
        case .integer(let range, _): integer(node, range).map { .integer($0) }
        case .bool: bool(node).map { .bool($0) }
        case .choice(let words): choice(node, words).map { .text($0) }
        case .list(let format): list(node, format).map { .list($0) }
        case .map(let format): members(node) { $0.text($1, format) }.map { .map($0) }
        case .lists(let format): members(node) { $0.list($1, format) }.map { .lists($0) }
        case .credentials: credentials(node).map { .credentials($0) }
        }
    }

    mutating func report(_ node: YAMLNode, _ message: String) {
        problems.append(SettingsProblem(origin, at: node, key: key.path, message))
    }

    mutating func text(_ node: YAMLNode, _ format: TextFormat) -> String? {
        guard let text = node.string, format.accepts(text) else {
            report(node, "\(shown(node))it must be \(format.expectation).")
            return nil
        }
        if format == .redisURL, Self.hasPassword(text) {
            report(node, "it must not hold a password; put the password into a file and name it in redis.passwordFile.")
            return nil
        }
        return text
    }

    private mutating func integer(_ node: YAMLNode, _ range: ClosedRange<Int>) -> Int? {
        guard let number = node.integer, let value = Int(exactly: number), range.contains(value) else {
            report(node, "\(shown(node))it must be \(key.kind.expectation).")
            return nil
        }
        return value
    }

    private mutating func bool(_ node: YAMLNode) -> Bool? {
        guard let value = node.bool else {
            report(node, "\(shown(node))it must be true or false.")
            return nil
        }
        return value
    }

    private mutating func choice(_ node: YAMLNode, _ words: [String]) -> String? {
        guard let text = node.string, words.contains(text) else {
            let hint = node.string.map { NearestName.hint($0, among: words) } ?? ""
            report(node, "\(shown(node))it must be \(key.kind.expectation)\(hint).")
            return nil
        }
        return text
    }

    /// The wrong value in quotes, unless it may hold a secret that somebody put into the wrong place.
    private func shown(_ node: YAMLNode) -> String {
        guard !key.isSecretFile, key.kind != .text(.redisURL), let text = node.string else { return "" }
        return "'\(text.prefix(80))' is not allowed; "
    }

    private static func hasPassword(_ url: String) -> Bool {
        guard let start = url.range(of: "://")?.upperBound, let at = url[start...].lastIndex(of: "@") else {
            return false
        }
        return url[start..<at].contains(":")
    }
}

extension String {
    /// The first place of `other`, by characters.
    fileprivate func range(of other: String) -> Range<Index>? { ranges(of: other).first }
}
