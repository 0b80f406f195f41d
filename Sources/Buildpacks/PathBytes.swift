extension Span<UInt8> {
    /// How deep a path is: 1 for what is in the root.
    var level: Int {
        var level = 1
        for index in indices where self[index] == UInt8(ascii: "/") { level += 1 }
        return level
    }
}

/// Paths by their bytes. There are tens of thousands of them, and the views of strings are several times slower.
extension String {
    /// Lends the bytes.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = unsafe utf8.withContiguousStorageIfAvailable(body) { return result }
        return unsafe Array(utf8).withUnsafeBufferPointer(body)
    }

    /// How deep a path is: 1 for what is in the root.
    var level: Int {
        withBytes { bytes in
            var level = 1
            for byte in unsafe bytes where byte == UInt8(ascii: "/") { level += 1 }
            return level
        }
    }

    /// Whether the bytes of a path go before those of another.
    func precedes(_ other: String) -> Bool {
        withBytes { own in other.withBytes { other in unsafe own.lexicographicallyPrecedes(other) } }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Where the name in a path begins.
    var endOfDirectory: Int { unsafe lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0 }
}
