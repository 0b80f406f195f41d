internal import BuildModel
internal import Platform

/// What the `.gitattributes` files of one repository say of files' filters: gitattributes(5).
///
/// Read here, not by the library: its matcher takes exponential time for some patterns, and cannot be told to stop.
struct FilterAttributes {
    private enum State: Equatable {
        case set
        case unset
        case unspecified
        case value(Substring)
    }

    private struct Rule {
        var pattern: AttributePattern
        var states: [(name: Substring, state: State)]
    }

    private var rules: [[UInt8]: [Rule]] = [:]
    private var macros: [Substring: [(name: Substring, state: State)]] = [:]
    /// Whether any line gives files this filter: without one, no file has to be looked at.
    private(set) var namesLargeFiles = false

    private static let filter: Substring = "filter"
    private static let largeFiles = State.value("lfs")
    /// git passes over longer lines.
    private static let maximumLine = 2048

    /// Takes in a file.
    ///
    /// - Parameter directory: that it stands in, without a trailing slash; only the top's may define macros.
    mutating func add(_ bytes: [UInt8], in directory: [UInt8]) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) where line.count <= Self.maximumLine {
            guard let (pattern, rest) = AttributePattern.split(line) else { continue }
            let states = Self.states(String(decoding: rest, as: UTF8.self))
            let isNamed = states.contains { $0.name == Self.filter && $0.state == Self.largeFiles }
            namesLargeFiles = namesLargeFiles || isNamed
            if let name = Self.macro(pattern) {
                if directory.isEmpty { macros[name] = states }
            } else if let pattern = AttributePattern(pattern) {
                rules[directory, default: []].append(Rule(pattern: pattern, states: states))
            }
        }
    }

    /// Whether git would give the file to Git LFS.
    ///
    /// - Parameter check: called before each line that is looked at; what it throws ends the search.
    func isLarge(_ path: [UInt8], _ check: () throws -> Void) rethrows -> Bool {
        var decision = Decision(macros: macros)
        var end = path.count
        let slash = UInt8(ascii: "/")
        // The file nearest to the path decides first, and in each its last line.
        while let last = path[..<end].lastIndex(of: slash) ?? (end > 0 ? -1 : nil) {
            let names = path[(last + 1)...].split(separator: slash)
            for rule in rules[Array(path[..<max(last, 0)])]?.reversed() ?? [] {
                try check()
                if rule.pattern.matches(names) { decision.take(rule.states) }
                if let filter = decision.filter { return filter == Self.largeFiles }
            }
            end = max(last, 0)
        }
        return false
    }

    /// What is known of a path's attributes: the first word on each counts.
    private struct Decision {
        let macros: [Substring: [(name: Substring, state: State)]]
        var decided: Set<Substring> = []
        var filter: State?

        mutating func take(_ states: [(name: Substring, state: State)]) {
            for (name, state) in states.reversed() where decided.insert(name).inserted {
                if name == FilterAttributes.filter { filter = state }
                if state == .set, let meaning = macros[name] { take(meaning) }
            }
        }
    }

    private static func states(_ text: String) -> [(name: Substring, state: State)] {
        text.split { " \t\r".contains($0) }.map { word -> (name: Substring, state: State) in
            if word.hasPrefix("-") { return (word.dropFirst(), .unset) }
            if word.hasPrefix("!") { return (word.dropFirst(), .unspecified) }
            guard let equals = word.firstIndex(of: "=") else { return (word, .set) }
            return (word[..<equals], .value(word[word.index(after: equals)...]))
        }
    }

    private static func macro(_ pattern: [UInt8]) -> Substring? {
        let mark = "[attr]"
        guard pattern.starts(with: mark.utf8) else { return nil }
        return Substring(String(decoding: pattern.dropFirst(mark.utf8.count), as: UTF8.self))
    }
}
