/// The id of a git object: 20 bytes for sha1 repositories, written as 40 lower-case hex digits.
package struct ObjectID: Sendable, Hashable, CustomStringConvertible {
    /// The lower-case hexadecimal digits.
    package let hex: String

    /// An id from its full hexadecimal form; nil if it is not 40 hex digits.
    package init?(hex: String) {
        guard hex.utf8.count == 40, hex.utf8.allSatisfy(Hexadecimal.isLowercaseDigit) else { return nil }
        self.hex = hex
    }

    /// An id from its 20 bytes.
    package init(bytes: [UInt8]) {
        precondition(bytes.count == 20, "a sha1 object id has 20 bytes")
        hex = Hexadecimal.encode(bytes)
    }

    package var description: String { hex }

    /// The first twelve hex digits, for people.
    package var short: String { String(hex.prefix(12)) }
}
