internal import BuildModel
internal import Glibc
internal import Platform

/// Paths by their bytes. There are tens of thousands of them, and the views of strings are several times slower; so are loops over
/// bytes where nothing is optimized, for which the C library looks.
extension UnsafeRawBufferPointer {
    /// How deep a path is: 1 for what is in the root.
    var level: Int {
        var (level, start) = (1, 0)
        while let slash = unsafe offset(of: UInt8(ascii: "/"), from: start) { (level, start) = (level + 1, slash + 1) }
        return level
    }

    /// Whether a path is below a directory `src/main`, as Maven lays out sources.
    var isBelowSources: Bool {
        var start = 0
        while true {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: self[start...])
            if unsafe rest.starts(with: Self.sources) { return true }
            guard let slash = unsafe offset(of: UInt8(ascii: "/"), from: start) else { return false }
            start = slash + 1
        }
    }

    private static let sources = Array("src/main/".utf8)

    /// Where the name in a path begins.
    var endOfDirectory: Int {
        var start = 0
        while let slash = unsafe offset(of: UInt8(ascii: "/"), from: start) { start = slash + 1 }
        return start
    }

    /// Whether all bytes are below 128.
    var isASCII: Bool {
        var start = 0
        while start + 8 <= count {
            guard unsafe loadUnaligned(fromByteOffset: start, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 else {
                return false
            }
            start += 8
        }
        return unsafe self[start...].allSatisfy { $0 < 0x80 }
    }

    /// Whether the bytes go before others.
    func precedes(_ other: UnsafeRawBufferPointer) -> Bool {
        guard let own = baseAddress, let others = other.baseAddress else { return count < other.count }
        let order = unsafe memcmp(own, others, Swift.min(count, other.count))
        return order == 0 ? count < other.count : order < 0
    }
}

extension Span<UInt8> {
    /// How deep a path is: 1 for what is in the root.
    var level: Int { unsafe bytes.withUnsafeBytes { unsafe $0.level } }

    /// Whether a path is below a directory `src/main`.
    var isBelowSources: Bool { unsafe bytes.withUnsafeBytes { unsafe $0.isBelowSources } }

    /// Whether the bytes are UTF-8.
    var isText: Bool { unsafe bytes.withUnsafeBytes { unsafe $0.isASCII } || String(path: self) != nil }

    /// The name in a path.
    var lastComponent: [UInt8] { unsafe bytes.withUnsafeBytes { unsafe Array($0[$0.endOfDirectory...]) } }
}

extension String {
    /// Whether the bytes of a path go before those of another.
    func precedes(_ other: String) -> Bool {
        withBytes { own in other.withBytes { other in unsafe own.precedes(other) } }
    }

    private func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let lent = unsafe utf8.withContiguousStorageIfAvailable { unsafe body(UnsafeRawBufferPointer($0)) }
        return unsafe lent ?? Array(utf8).withUnsafeBytes(body)
    }
}
