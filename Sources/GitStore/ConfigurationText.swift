/// A text in the syntax of git-config(1), as repositories have them.
///
/// Read here, not by the library: its reader follows `include.path` to files of this machine.
struct ConfigurationText {
    struct Section {
        /// In lower case.
        var kind: String
        /// What stands in quotes; empty without.
        var name: String
        /// Names in lower case; the last value of each.
        var values: [String: String] = [:]
    }

    private(set) var sections: [Section] = []

    init(_ bytes: [UInt8]) {
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            read(Self.trimmed(line))
        }
    }

    private mutating func read(_ line: Substring) {
        guard !line.hasPrefix("[") else {
            let kind = line.dropFirst().prefix { $0 != "]" && $0 != "\"" }
            sections.append(Section(kind: Self.trimmed(kind).lowercased(), name: Self.name(line[kind.endIndex...])))
            return
        }
        guard !sections.isEmpty, let equals = line.firstIndex(of: "=") else { return }
        let key = Self.trimmed(line[..<equals]).lowercased()
        sections[sections.count - 1].values[key] = Self.value(line[line.index(after: equals)...])
    }

    /// What stands between a quote at the beginning and the next.
    private static func name(_ text: Substring) -> String {
        guard text.hasPrefix("\"") else { return "" }
        var (name, isEscaped) = ("", false)
        for character in text.dropFirst() {
            if !isEscaped, character == "\"" { break }
            isEscaped = !isEscaped && character == "\\"
            if !isEscaped { name.append(character) }
        }
        return name
    }

    /// A value without its quotes, escapes and comment.
    private static func value(_ text: Substring) -> String {
        var (result, isQuoted, isEscaped) = ("", false, false)
        for character in trimmed(text) {
            if isEscaped {
                result.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if !isQuoted, character == "#" || character == ";" {
                break
            } else {
                result.append(character)
            }
        }
        return String(trimmed(result[...]))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
