internal import Platform

/// The lines of a text with their numbers, without a byte order mark. Lines of more than 1000 bytes are left out: what rules look
/// for is short, and a long line is data or minified code.
struct TextLines: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var index: Int
    private var number = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        index = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    mutating func next() -> (ArraySlice<UInt8>, Int)? {
        while index <= bytes.count {
            let end = self.end
            let line = bytes[index..<end]
            index = end + 1
            number += 1
            if line.count <= 1000 { return (line, number) }
        }
        return nil
    }

    /// Where the line that begins at the index ends.
    private var end: Int {
        unsafe bytes.withUnsafeBytes { unsafe $0.offset(of: 10, from: index) } ?? bytes.count
    }

    /// The line without space around it, and with one blank for any space within.
    static func normalised(_ line: ArraySlice<UInt8>) -> [UInt8] {
        Array(line.split { $0 == 32 || (9...13).contains($0) }.joined(separator: [32]))
    }
}
