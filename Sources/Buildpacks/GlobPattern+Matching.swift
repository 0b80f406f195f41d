extension GlobPattern {
    static func isAny(_ tokens: [Token]) -> Bool { tokens == [.many, .many] }

    /// `**` may stand for nothing: what is reachable before it is reachable after it.
    static func skipAny(_ reachable: inout [Bool], _ components: [[Token]]) {
        for index in components.indices where reachable[index] && isAny(components[index]) {
            reachable[index + 1] = true
        }
    }

    static func tokens(_ bytes: ArraySlice<UInt8>) -> [Token] {
        var tokens: [Token] = []
        tokens.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "*"): tokens.append(.many)
            case UInt8(ascii: "?"): tokens.append(.one)
            case UInt8(ascii: "["):
                if let (set, end) = set(bytes, from: index) {
                    tokens.append(set)
                    index = end
                } else {
                    tokens.append(.literal(bytes[index]))
                }
            default: tokens.append(.literal(bytes[index]))
            }
            index += 1
        }
        return tokens
    }

    /// The set that starts at `start`, and the index of its closing bracket.
    private static func set(_ bytes: ArraySlice<UInt8>, from start: Int) -> (Token, end: Int)? {
        guard let end = bytes[(start + 1)...].dropFirst().firstIndex(of: UInt8(ascii: "]")) else { return nil }
        var members = bytes[(start + 1)..<end]
        let isNegated = members.first == UInt8(ascii: "!")
        if isNegated { members = members.dropFirst() }
        var ranges: [ClosedRange<UInt8>] = []
        var rest = members
        while let first = rest.popFirst() {
            if rest.first == UInt8(ascii: "-"), let last = rest.dropFirst().first, last >= first {
                ranges.append(first...last)
                rest = rest.dropFirst(2)
            } else {
                ranges.append(first...first)
            }
        }
        return (.set(ranges, isNegated: isNegated), end)
    }

    /// The usual two-pointer match: on a mismatch, the last `*` takes one byte more.
    static func matches(_ text: ArraySlice<UInt8>, _ tokens: [Token]) -> Bool {
        var (position, token) = (text.startIndex, 0)
        var retry: (position: Int, token: Int)?
        while position < text.endIndex {
            if token < tokens.count, tokens[token] == .many {
                retry = (position, token)
                token += 1
            } else if token < tokens.count, accepts(tokens[token], text[position]) {
                position += 1
                token += 1
            } else if let last = retry {
                retry = (last.position + 1, last.token)
                (position, token) = (last.position + 1, last.token + 1)
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .many }
    }

    private static func accepts(_ token: Token, _ byte: UInt8) -> Bool {
        switch token {
        case .literal(let expected): byte == expected
        case .one: true
        case .many: false
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(byte) } != isNegated
        }
    }
}

extension GlobPattern {
    /// A pattern for a text as it is, in which nothing stands for anything else.
    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { "*?[<".utf8.contains($0) }) else { return text }
        return text.reduce(into: "") { result, character in
            result += "*?[<".contains(character) ? "[\(character)]" : String(character)
        }
    }
}
