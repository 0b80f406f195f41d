/// A pattern of `.gitattributes` against a path, as git's own `wildmatch` with paths, but in time proportional to both.
///
/// `*`, `?` and sets stay within a name; `**` between slashes is any number of names. Sets have ranges, classes and `\\`.
struct AttributeGlob {
    private enum Token {
        case byte(UInt8)
        case anyByte
        /// A number in `sets`.
        case set(UInt16)
        case star
        /// `**`; with a slash behind it, both may stand for nothing.
        case anyDepth(skipsSlash: Bool)
    }

    private var tokens: [Token] = []
    private var sets: [ByteSet] = []

    /// - Returns: nil for what no path matches: a set without an end, a `\\` without a byte.
    init?(_ text: [UInt8]) {
        // git compares the bytes before the first special one apart, so that a `**` behind them is taken for one behind a slash.
        let start = text.firstIndex { "*?[\\".utf8.contains($0) } ?? text.endIndex
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "*"): tokens.append(Self.stars(&rest, of: text, start))
            case UInt8(ascii: "?"): tokens.append(.anyByte)
            case UInt8(ascii: "["):
                guard let set = ByteSet(&rest) else { return nil }
                tokens.append(.set(UInt16(sets.count)))
                sets.append(set)
            case UInt8(ascii: "\\"):
                guard let literal = rest.popFirst() else { return nil }
                tokens.append(.byte(literal))
            default: tokens.append(.byte(byte))
            }
        }
    }

    /// Takes the stars that follow one.
    private static func stars(_ rest: inout ArraySlice<UInt8>, of text: [UInt8], _ start: Int) -> Token {
        let slash = UInt8(ascii: "/")
        let first = rest.startIndex - 1
        rest = rest.drop { $0 == UInt8(ascii: "*") }
        let isAlone = first == start || text[first - 1] == slash
        let isBefore = rest.first == nil || rest.first == slash || rest.starts(with: [UInt8(ascii: "\\"), slash])
        guard rest.startIndex - first > 1, isAlone, isBefore else { return .star }
        return .anyDepth(skipsSlash: rest.first == slash)
    }

    /// Whether the whole path matches.
    func matches(_ path: ArraySlice<UInt8>) -> Bool {
        // Most patterns have one star, with plain bytes around it.
        let head = tokens.prefix { if case .byte = $0 { true } else { false } }.count
        guard path.count >= head, starts(path, head) else { return false }
        guard head < tokens.count else { return path.count == head }
        let tail = tail(behind: head)
        let middle = path.dropFirst(head)
        guard tail <= middle.count, ends(middle, tail) else { return false }
        if head + tail + 1 == tokens.count, case .star = tokens[head] {
            return !middle.dropLast(tail).contains(UInt8(ascii: "/"))
        }
        var places = GlobPlaces(count: tokens.count + 1)
        enter(head, &places)
        for byte in middle {
            if !step(byte, &places) { return false }
        }
        return places.now.contains(tokens.count)
    }

    /// How many plain bytes end the pattern, whatever stands before them.
    private func tail(behind head: Int) -> Int {
        let count = tokens[head...].reversed().prefix { if case .byte = $0 { true } else { false } }.count
        if case .anyDepth(skipsSlash: true) = tokens[tokens.count - count - 1] { return count - 1 }
        return count
    }

    private func starts(_ path: ArraySlice<UInt8>, _ count: Int) -> Bool {
        zip(tokens.prefix(count), path).allSatisfy { takes($0, $1) }
    }

    private func ends(_ path: ArraySlice<UInt8>, _ count: Int) -> Bool {
        zip(tokens.suffix(count), path.suffix(count)).allSatisfy { takes($0, $1) }
    }

    private func takes(_ token: Token, _ byte: UInt8) -> Bool {
        switch token {
        case .byte(let own): own == byte
        case .anyByte, .star: byte != UInt8(ascii: "/")
        case .set(let number): byte != UInt8(ascii: "/") && sets[Int(number)].contains(byte)
        case .anyDepth: true
        }
    }

    /// - Returns: whether the path may still match.
    private func step(_ byte: UInt8, _ places: inout GlobPlaces) -> Bool {
        for place in places.advance() where place < tokens.count && takes(tokens[place], byte) {
            switch tokens[place] {
            case .star, .anyDepth:
                // It goes on, or ends here; it is not at its start, where it could stand for nothing.
                places.add(place)
                enter(place + 1, &places)
            default: enter(place + 1, &places)
            }
        }
        return !places.now.isEmpty
    }

    /// A place in the pattern, and those behind what may stand for nothing.
    private func enter(_ place: Int, _ places: inout GlobPlaces) {
        var place = place
        while places.begin(place), place < tokens.count {
            switch tokens[place] {
            case .star, .anyDepth(false): place += 1
            case .anyDepth(true):
                places.add(place + 1)
                place += 2
            default: return
            }
        }
    }
}

/// The places in a pattern that may be next.
private struct GlobPlaces {
    private(set) var now: [Int] = []
    /// When a place was last added, and, in an odd number, begun.
    private var marks: [Int]
    private var time = 0

    init(count: Int) {
        marks = [Int](repeating: -1, count: count)
    }

    /// - Returns: the places until now; none is left.
    mutating func advance() -> [Int] {
        time += 2
        defer { now.removeAll(keepingCapacity: true) }
        return now
    }

    mutating func add(_ place: Int) {
        if marks[place] < time { now.append(place) }
        marks[place] = max(marks[place], time)
    }

    /// - Returns: whether it was not begun before.
    mutating func begin(_ place: Int) -> Bool {
        guard marks[place] <= time else { return false }
        add(place)
        marks[place] = time + 1
        return true
    }
}
