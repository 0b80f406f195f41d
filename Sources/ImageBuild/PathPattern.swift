/// A pattern for paths, name by name. Matching takes time in proportion to pattern and path, whatever they are.
struct PathPattern {
    private enum Part {
        case name(NamePattern)
        /// `**`: any number of names, also none.
        case anyDepth
    }

    private var parts: [Part] = []

    /// - Returns: nil if the pattern names nothing below the root.
    init?(_ text: ArraySlice<UInt8>) {
        let dot = UInt8(ascii: ".")
        for name in text.split(separator: LayerPath.slash) where !name.elementsEqual([dot]) {
            if name.elementsEqual([dot, dot]) {
                _ = parts.popLast()
            } else if name.elementsEqual(Array("**".utf8)) {
                // Two of them in a row say no more than one.
                if case .anyDepth = parts.last { continue }
                parts.append(.anyDepth)
            } else {
                parts.append(.name(NamePattern(name)))
            }
        }
        guard let last = parts.last else { return nil }
        // `a/**` is what is in `a`, not `a` itself.
        if case .anyDepth = last { parts.append(.name(NamePattern("*".utf8))) }
    }

    /// Whether a path or a directory above it matches.
    func matches(_ names: [ArraySlice<UInt8>]) -> Bool {
        // The places in the pattern that may be next, after some names.
        var places = following([0])
        for name in names {
            var next: Set<Int> = []
            for place in places where place < parts.count {
                switch parts[place] {
                case .anyDepth: next.insert(place)
                case .name(let pattern): if pattern.matches(name) { next.insert(place + 1) }
                }
            }
            places = following(next)
            if places.contains(parts.count) { return true }
            if places.isEmpty { return false }
        }
        return false
    }

    /// `places`, and those behind parts that may stand for nothing.
    private func following(_ places: Set<Int>) -> Set<Int> {
        var all = places
        for var place in places {
            while place < parts.count, case .anyDepth = parts[place] {
                place += 1
                all.insert(place)
            }
        }
        return all
    }
}

/// A pattern for one name.
struct NamePattern {
    private enum Part {
        case byte(UInt8)
        case anyByte
        case anyOf([ClosedRange<UInt8>], negated: Bool)
        case anything
    }

    private var parts: [Part] = []

    init(_ text: some Collection<UInt8>) {
        var rest = Array(text)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "*"): parts.append(.anything)
            case UInt8(ascii: "?"): parts.append(.anyByte)
            case UInt8(ascii: "\\"): parts.append(.byte(rest.popFirst() ?? byte))
            case UInt8(ascii: "["): parts.append(Self.set(&rest) ?? .byte(byte))
            default: parts.append(.byte(byte))
            }
        }
    }

    /// Whether the whole name matches. The last `*` alone is gone back to, for what an earlier one could take, it can take too.
    func matches(_ name: ArraySlice<UInt8>) -> Bool {
        var (place, part) = (name.startIndex, 0)
        var star: (part: Int, place: Int)?
        while place < name.endIndex {
            if part < parts.count, case .anything = parts[part] {
                star = (part, place)
                part += 1
            } else if part < parts.count, let width = width(of: parts[part], in: name[place...]) {
                part += 1
                place += width
            } else if let last = star {
                star = (last.part, last.place + 1)
                (part, place) = (last.part + 1, last.place + 1)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { if case .anything = $0 { true } else { false } }
    }

    /// How many bytes a part takes from the front; nil if it does not match. `?` takes a character, not a byte of one.
    private func width(of part: Part, in rest: ArraySlice<UInt8>) -> Int? {
        guard let byte = rest.first else { return nil }
        switch part {
        case .byte(let own): return own == byte ? 1 : nil
        case .anyByte: return byte < 0xc0 ? 1 : 1 + rest.dropFirst().prefix(3).prefix { $0 & 0xc0 == 0x80 }.count
        case .anyOf(let ranges, let negated): return ranges.contains { $0.contains(byte) } != negated ? 1 : nil
        case .anything: return nil
        }
    }

    /// What follows an opening bracket; nil, and nothing taken, if there is no closing one.
    private static func set(_ rest: inout ArraySlice<UInt8>) -> Part? {
        guard let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "]")) else { return nil }
        var members = rest[..<end]
        rest = rest[(end + 1)...]
        let negated = members.first == UInt8(ascii: "^") || members.first == UInt8(ascii: "!")
        if negated { members.removeFirst() }
        var ranges: [ClosedRange<UInt8>] = []
        while let low = members.popFirst() {
            if members.count >= 2, members.first == UInt8(ascii: "-") {
                members.removeFirst()
                let high = members.removeFirst()
                if low <= high { ranges.append(low...high) }
            } else {
                ranges.append(low...low)
            }
        }
        return .anyOf(ranges, negated: negated)
    }
}
