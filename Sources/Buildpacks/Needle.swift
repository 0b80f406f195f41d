internal import Glibc
internal import Platform

/// Bytes that are looked for in many texts, of which few have them: the C library finds the rarest of them, by vectors, and the
/// others are compared where that one stands.
struct Needle: Sendable, Hashable {
    private let bytes: [UInt8]
    /// The index of the byte that texts have least often.
    private let rarest: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        rarest = bytes.indices.min { Self.frequency[Int(bytes[$0])] < Self.frequency[Int(bytes[$1])] } ?? 0
    }

    /// Whether the bytes stand somewhere in a text; of none, always.
    func stands(in text: ArraySlice<UInt8>) -> Bool {
        guard !bytes.isEmpty else { return true }
        return unsafe text.withUnsafeBytes { unsafe stands(in: $0) }
    }

    func stands(in text: UnsafeRawBufferPointer) -> Bool {
        // Before the rarest byte and after it there is room for the others.
        var start = rarest
        let end = text.count - (bytes.count - 1 - rarest)
        while let place = unsafe text.offset(of: bytes[rarest], from: start, to: end), let base = text.baseAddress {
            if memcmp(base + (place - rarest), bytes, bytes.count) == 0 { return true }
            start = place + 1
        }
        return false
    }

    /// How often each byte stands in programs and their files, roughly: punctuation least, then capitals, digits and letters.
    private static let frequency: [UInt8] = {
        var table = [UInt8](repeating: 10, count: 256)
        for (rank, letter) in "zqjxkvwybgpmfhducslrnoaite".utf8.enumerated() { table[Int(letter)] = UInt8(30 + rank) }
        for byte in "ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8 { table[Int(byte)] = 20 }
        for byte in "0123456789=\"'-:_.(),/".utf8 { table[Int(byte)] = 25 }
        return table
    }()
}
