internal import BuildModel

/// What the `.gitattributes` files of one repository say of files' filters: gitattributes(5).
///
/// Read here, not by the library: its matcher takes exponential time for some patterns, and cannot be told to stop. Of lines, only
/// what may decide a filter is kept: words on `filter`, and on macros.
struct FilterAttributes {
    typealias State = FilterDecision.State

    private struct Rule {
        var pattern: AttributePattern
        var states: [State]
    }

    private var rules: [[UInt8]: [Rule]] = [:]
    /// Where the meaning of a macro stands in `macros`, by its name.
    private var numbers: [Substring: Int32] = [:]
    private var macros: [[State]] = []
    /// What the lines that are kept may still cost.
    private var left = Self.maximumBytes
    /// Whether any line gives files this filter: without one, no file has to be looked at.
    private(set) var namesLargeFiles = false

    /// What the lines about filters may have together, each with what it costs beside its bytes.
    static let maximumBytes = 1 << 20
    static let maximumMacros = 1000
    private static let lineCost = 64
    /// git passes over lines that are longer.
    private static let maximumLine = 2047
    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    /// Takes in a file; that of the top, which alone may define macros, comes first.
    ///
    /// - Parameters:
    ///   - directory: that it stands in, without a trailing slash.
    ///   - check: called before each line; what it throws ends the reading.
    /// - Throws: `BuildFailure` with code `limit_exceeded` for more than any project needs.
    mutating func add(_ bytes: [UInt8], in directory: [UInt8], _ check: () throws -> Void = {}) throws {
        let text = bytes.starts(with: Self.byteOrderMark) ? bytes.dropFirst(Self.byteOrderMark.count) : bytes[...]
        let lines = text.split(separator: UInt8(ascii: "\n"))
        if directory.isEmpty {
            for line in lines {
                try check()
                if let name = Self.parsed(line).flatMap({ Self.macro($0.pattern) }) { try number(name) }
            }
        }
        for line in lines {
            try check()
            guard let (text, rest) = Self.parsed(line), let states = states(rest), !states.isEmpty else { continue }
            namesLargeFiles = namesLargeFiles || states.contains { $0.isLargeFiles }
            if let name = Self.macro(text) {
                if directory.isEmpty, let number = numbers[name] { macros[Int(number)] = states }
            } else if !Self.isMacro(text), let pattern = AttributePattern(text) {
                rules[directory, default: []].append(Rule(pattern: pattern, states: states))
            } else {
                continue
            }
            left -= line.count + Self.lineCost
            guard left >= 0 else { throw Self.tooMany("\(Self.maximumBytes >> 10) KiB of lines about filters") }
        }
    }

    /// Whether git would give the file to Git LFS.
    ///
    /// - Parameter check: called before each line and macro that is looked at; what it throws ends the search.
    func isLarge(_ path: [UInt8], _ check: () throws -> Void) rethrows -> Bool {
        var decision = FilterDecision(macros: macros)
        var end = path.count
        let slash = UInt8(ascii: "/")
        // The file nearest to the path decides first, and in each its last line.
        while let last = path[..<end].lastIndex(of: slash) ?? (end > 0 ? -1 : nil) {
            for rule in rules[Array(path[..<max(last, 0)])]?.reversed() ?? [] {
                try check()
                if rule.pattern.matches(path[(last + 1)...]) { try decision.take(rule.states, check) }
                if let isLarge = decision.isLarge { return isLarge }
            }
            end = max(last, 0)
        }
        return false
    }

    private mutating func number(_ name: Substring) throws(BuildFailure) {
        guard numbers[name] == nil else { return }
        guard macros.count < Self.maximumMacros else { throw Self.tooMany("\(Self.maximumMacros) macros") }
        numbers[name] = Int32(macros.count)
        macros.append([])
    }

    private static func parsed(_ line: ArraySlice<UInt8>) -> (pattern: [UInt8], rest: ArraySlice<UInt8>)? {
        line.count <= maximumLine ? AttributePattern.split(line) : nil
    }

    /// What a line says of filters and macros; nil for a line that git passes over, as it has a word that is none.
    private func states(_ rest: ArraySlice<UInt8>) -> [State]? {
        var states: [State] = []
        for word in String(decoding: rest, as: UTF8.self).split(whereSeparator: { " \t\r".contains($0) }) {
            let sign = word.first.flatMap { $0 == "-" || $0 == "!" ? $0 : nil }
            let name = word.dropFirst(sign == nil ? 0 : 1).prefix { $0 != "=" }
            guard Self.isName(name) else { return nil }
            let value = sign == nil ? word.dropFirst(name.count) : ""
            if name == "filter" {
                states.append(State(name: State.filter, value: value == "=lfs" ? .largeFiles : .other))
            } else if let number = numbers[name] {
                states.append(State(name: number, value: sign == nil && value.isEmpty ? .set : .other))
            }
        }
        return states
    }

    /// git-check-attr(1) takes such names alone.
    private static func isName(_ name: Substring) -> Bool {
        !name.isEmpty && name.utf8.first != UInt8(ascii: "-")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                default: [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(byte)
                }
            }
    }

    private static let mark = Array("[attr]".utf8)

    private static func isMacro(_ pattern: [UInt8]) -> Bool {
        pattern.count > mark.count && pattern.starts(with: mark)
    }

    private static func macro(_ pattern: [UInt8]) -> Substring? {
        guard isMacro(pattern) else { return nil }
        let name = Substring(String(decoding: pattern.dropFirst(mark.count), as: UTF8.self))
        return isName(name) ? name : nil
    }

    static func tooMany(_ what: String) -> BuildFailure {
        BuildFailure(
            .code,
            .limitExceeded,
            operation: "git.attributes",
            message: "The '.gitattributes' of the revision have more than \(what), which is more than is read."
        )
    }
}
