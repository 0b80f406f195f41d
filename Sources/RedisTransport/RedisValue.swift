/// A reply of Redis (RESP2), or a part of one.
package enum RedisValue: Sendable, Hashable {
    case null
    /// A simple string such as `OK`.
    case status(String)
    case bytes([UInt8])
    case integer(Int64)
    case array([RedisValue])
    /// An error reply in Redis' own words, such as `WRONGTYPE Operation against…`.
    case error(String)
}

extension RedisValue {
    /// A string reply as text, ill-formed UTF-8 replaced; nil for anything but strings and integers.
    package var text: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): String(number)
        case .null, .array, .error: nil
        }
    }

    /// An integer reply, or a string reply that is a decimal number.
    package var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .status, .bytes: text.flatMap { Int64($0) }
        case .null, .array, .error: nil
        }
    }

    /// The elements of an array reply; nil for anything else.
    package var array: [RedisValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The element at `index` of an array reply; nil if there is none.
    package subscript(index: Int) -> RedisValue? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    /// A flat array of names and values, as `HGETALL` and stream entries have it, as a dictionary; the last of equal names wins.
    package var pairs: [String: RedisValue] {
        guard let array else { return [:] }
        var pairs: [String: RedisValue] = [:]
        for index in stride(from: 0, to: array.count - 1, by: 2) {
            if let name = array[index].text { pairs[name] = array[index + 1] }
        }
        return pairs
    }
}
