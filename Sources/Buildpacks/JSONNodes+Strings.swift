extension JSONNodes {
    /// A member's name: a string, or in a relaxed document an identifier without quotes.
    mutating func name() throws(Problem) -> String {
        if next == UInt8(ascii: "\"") || (isRelaxed && next == UInt8(ascii: "'")) { return try string() }
        let start = index
        while isRelaxed, let byte = next, Self.isIdentifier(byte) { index += 1 }
        guard index > start else { throw problem("a name in double quotes was expected") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private static func isIdentifier(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 36 || byte == 95
    }

    /// A string, from its opening quote on.
    mutating func string() throws(Problem) -> String {
        let quote = next
        index += 1
        var text: [UInt8] = []
        while let byte = next {
            index += 1
            switch byte {
            case quote:
                guard let string = String(validating: text, as: UTF8.self) else { throw problem("it is not UTF-8") }
                return string
            case UInt8(ascii: "\\"): text += try escape()
            case 0..<0x20: throw problem("a control character is in a string")
            default: text.append(byte)
            }
        }
        throw problem("a string does not end")
    }

    private mutating func escape() throws(Problem) -> [UInt8] {
        guard let byte = next else { throw problem("a string does not end") }
        index += 1
        switch byte {
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "'") where isRelaxed: return [byte]
        case UInt8(ascii: "u"): return try scalar()
        default: throw problem("'\\' is before a character that it does not escape")
        }
    }

    private mutating func scalar() throws(Problem) -> [UInt8] {
        var code = try unit()
        if (0xD800..<0xDC00).contains(code), bytes[index...].starts(with: Array("\\u".utf8)) {
            index += 2
            let low = try unit()
            guard (0xDC00..<0xE000).contains(low) else { throw problem("half of a surrogate pair is missing") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw problem("half of a surrogate pair is missing") }
        return Array(String(scalar).utf8)
    }

    private mutating func unit() throws(Problem) -> UInt32 {
        let digits = String(decoding: bytes[index...].prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, let value = UInt32(digits, radix: 16) else {
            throw problem("four hexadecimal digits were expected after '\\u'")
        }
        index += 4
        return value
    }
}
