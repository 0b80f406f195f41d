internal import BuildModel

/// Paths one behind the other in one piece of memory: a tree has tens of thousands of them, of which rules see few as strings.
struct PathList: RandomAccessCollection, Sendable {
    private var bytes: [UInt8] = []
    /// Where each path ends.
    private var ends: [Int] = []

    var startIndex: Int { 0 }
    var endIndex: Int { ends.count }
    subscript(position: Int) -> String { String(decoding: self[bytesAt: position], as: UTF8.self) }

    /// The bytes of a path, which are UTF-8.
    subscript(bytesAt position: Int) -> ArraySlice<UInt8> { bytes[start(of: position)..<ends[position]] }

    /// - Parameter path: UTF-8.
    mutating func append(_ path: Span<UInt8>) {
        unsafe path.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        ends.append(bytes.count)
    }

    /// Lends the bytes.
    func withBytes<Result>(at position: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let range = start(of: position)..<ends[position]
        return unsafe bytes.withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// Trees are walked in an order that is that of their paths; only if one is not, there is something to do.
    mutating func sort() {
        let isSorted = ends.indices.dropLast().allSatisfy { precedes($0, $0 + 1) }
        guard !isSorted else { return }
        let order = ends.indices.sorted { precedes($0, $1) }
        var sorted = PathList()
        for position in order {
            sorted.bytes += self[bytesAt: position]
            sorted.ends.append(sorted.bytes.count)
        }
        self = sorted
    }

    private func start(of position: Int) -> Int { position == 0 ? 0 : ends[position - 1] }

    /// Whether the bytes of a path go before those of another.
    private func precedes(_ one: Int, _ other: Int) -> Bool {
        withBytes(at: one) { one in withBytes(at: other) { unsafe one.precedes($0) } }
    }
}
