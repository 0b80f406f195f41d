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

    /// The text without space beside operators: `flask == 2.0` is `flask==2.0`. Lines stay lines.
    static func packed(_ bytes: [UInt8]) -> [UInt8] {
        let isLoose = bytes.indices.contains { index in
            isOperator(bytes[index])
                && (index > 0 && isBlank(bytes[index - 1])
                    || index + 1 < bytes.count && isBlank(bytes[index + 1]))
        }
        guard isLoose else { return bytes }
        var packed: [UInt8] = []
        packed.reserveCapacity(bytes.count)
        for byte in bytes {
            if isBlank(byte), packed.last.map(isOperator) == true { continue }
            if isOperator(byte) {
                while packed.last.map(isBlank) == true { packed.removeLast() }
            }
            packed.append(byte)
        }
        return packed
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
    private static func isOperator(_ byte: UInt8) -> Bool { "=<>~!,;".utf8.contains(byte) }

    /// The line without space around it, and with one blank for any space within.
    static func normalised(_ line: ArraySlice<UInt8>) -> [UInt8] {
        Array(line.split { $0 == 32 || (9...13).contains($0) }.joined(separator: [32]))
    }
}
