/// A path as ustar holds it: up to 100 bytes of name, and up to 155 of directories before a slash that is not written.
struct UstarName {
    var prefix: ArraySlice<UInt8>
    var name: ArraySlice<UInt8>

    /// Splits a path; nil if it does not fit or is not ASCII, whose reading would depend on the reader's locale.
    init?(_ path: [UInt8]) {
        guard path.allSatisfy({ $0 < 0x80 }) else { return nil }
        if path.count <= 100 {
            prefix = []
            name = path[...]
            return
        }
        guard path.count <= 256 else { return nil }
        let slash = UInt8(ascii: "/")
        let candidates = max(1, path.count - 101)..<min(156, path.count - 1)
        guard let split = candidates.first(where: { path[$0] == slash }) else { return nil }
        prefix = path[..<split]
        name = path[(split + 1)...]
    }

    /// A name for readers that know no extended records: the front of the path, readable in any locale.
    init(approximating path: [UInt8]) {
        var short = path.prefix(100).map { $0 < 0x80 ? $0 : UInt8(ascii: "_") }
        while short.last == UInt8(ascii: "/") { short.removeLast() }
        prefix = []
        name = short[...]
    }
}
