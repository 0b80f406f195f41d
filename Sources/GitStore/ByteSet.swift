/// The bytes that a set of a pattern is about: `[a-z]`, `[!a]`, `[[:alpha:]]`, as git reads them.
struct ByteSet {
    private var bits = SIMD4<UInt64>()
    private var isNegated = false

    /// Takes what follows an opening bracket, the closing one too.
    ///
    /// - Returns: nil if there is no closing one, or for a class that does not exist: then nothing matches.
    init?(_ rest: inout ArraySlice<UInt8>) {
        if rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^") {
            isNegated = true
            rest.removeFirst()
        }
        var (previous, isFirst): (UInt8?, Bool) = (nil, true)
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "]"), !isFirst { return }
            isFirst = false
            switch byte {
            case UInt8(ascii: "\\"):
                guard let literal = rest.popFirst() else { return nil }
                insert(literal...literal)
                previous = literal
            case UInt8(ascii: "-"):
                guard let low = previous, let next = rest.first, next != UInt8(ascii: "]") else {
                    insert(byte...byte)
                    previous = byte
                    continue
                }
                rest.removeFirst()
                guard let high = next == UInt8(ascii: "\\") ? rest.popFirst() : next else { return nil }
                if low <= high { insert(low...high) }
                previous = nil
            case UInt8(ascii: "[") where rest.first == UInt8(ascii: ":"):
                guard let name = Self.className(rest.dropFirst()) else {
                    insert(byte...byte)
                    previous = byte
                    continue
                }
                guard let ranges = Self.classes[String(decoding: name, as: UTF8.self)] else { return nil }
                for range in ranges { insert(range) }
                rest = rest.dropFirst(name.count + 3)
                previous = nil
            default:
                insert(byte...byte)
                previous = byte
            }
        }
        return nil
    }

    func contains(_ byte: UInt8) -> Bool { (bits[Int(byte >> 6)] >> (byte & 63)) & 1 == (isNegated ? 0 : 1) }

    private mutating func insert(_ range: ClosedRange<UInt8>) {
        for byte in range { bits[Int(byte >> 6)] |= 1 << (byte & 63) }
    }

    /// What stands before the `:]` of a class; nil if the next bracket has no colon before it.
    private static func className(_ rest: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let name = rest.prefix { $0 != UInt8(ascii: "]") }
        return name.last == UInt8(ascii: ":") && name.endIndex < rest.endIndex ? name.dropLast() : nil
    }

    /// As in C's locale: isalpha(3).
    private static let classes: [String: [ClosedRange<UInt8>]] = [
        "alnum": [0x30...0x39, 0x41...0x5a, 0x61...0x7a], "alpha": [0x41...0x5a, 0x61...0x7a],
        "blank": [0x20...0x20, 0x09...0x09], "cntrl": [0x00...0x1f, 0x7f...0x7f], "digit": [0x30...0x39],
        "graph": [0x21...0x7e], "lower": [0x61...0x7a], "print": [0x20...0x7e],
        "punct": [0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e], "space": [0x09...0x0d, 0x20...0x20],
        "upper": [0x41...0x5a], "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
    ]
}
