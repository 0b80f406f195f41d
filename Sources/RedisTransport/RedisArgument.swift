/// One word of a command: any bytes, NUL and newlines included.
package struct RedisArgument: Sendable, Hashable {
    /// The word as it is sent.
    package var bytes: [UInt8]

    /// A word of raw bytes.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// A word of text, as UTF-8.
    package init(_ text: some StringProtocol) {
        bytes = Array(text.utf8)
    }

    /// A whole number in decimal digits.
    package init(_ number: some BinaryInteger) {
        bytes = Array(String(number).utf8)
    }
}

extension RedisArgument: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) {
        self.init(value)
    }
}

extension RedisArgument: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) {
        self.init(value)
    }
}
