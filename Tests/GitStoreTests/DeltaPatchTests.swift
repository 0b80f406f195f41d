import BuildModel
import Testing

@testable import GitStore

/// Deltas and headers of packs, which come from whoever made the repository.
@Suite struct DeltaPatchTests {
    private static let base: [UInt8] = Array("0123456789".utf8)

    private static func apply(_ delta: [UInt8], to base: [UInt8] = base) -> String? {
        DeltaPatch.apply(delta, to: base, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "copies and literals make the result",
        arguments: [
            ([10, 4, 0x91, 2, 4], "2345"),
            ([10, 3, 3, 97, 98, 99], "abc"),
            ([10, 7, 0x90, 2, 2, 120, 121, 0x91, 7, 3], "01xy789"),
            ([10, 0], ""),
        ] as [([UInt8], String)]
    )
    func whole(delta: [UInt8], result: String) {
        #expect(Self.apply(delta) == result)
    }

    @Test("a copy without a size is of 64 KiB")
    func longCopy() {
        let base = [UInt8](repeating: 7, count: 0x10000)
        let delta: [UInt8] = [0x80, 0x80, 4, 0x80, 0x80, 4, 0x80]
        #expect(DeltaPatch.apply(delta, to: base, limit: 1 << 20) == base)
    }

    @Test(
        "what reaches past the base, the result or the delta is refused",
        arguments: [
            ("no sizes", []),
            ("another base", [11, 1, 0x90, 1]),
            ("a copy past the base's end", [10, 4, 0x91, 8, 4]),
            ("a copy past the result's end", [10, 3, 0x91, 0, 4]),
            ("a literal past the delta's end", [10, 4, 4, 97]),
            ("a literal past the result's end", [10, 1, 2, 97, 98]),
            ("too little", [10, 4, 0x91, 0, 3]),
            ("the reserved instruction", [10, 1, 0, 97]),
            ("a copy whose offset is cut off", [10, 4, 0x91]),
            ("a copy far away", [10, 4, 0x9f, 0xff, 0xff, 0xff, 0xff, 4]),
            ("a result over the limit", [10, 0x80, 0x80, 0x80, 0x80, 4, 0x90, 1]),
            ("a size that never ends", [UInt8](repeating: 0xff, count: 40)),
        ] as [(String, [UInt8])]
    )
    func refused(what: String, delta: [UInt8]) {
        #expect(Self.apply(delta) == nil, "\(what)")
    }

    @Test("no delta and no header of random bytes is read past its end")
    func random() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<24, using: &generator)
            var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            _ = Self.apply(bytes)
            if count > 2 { bytes.replaceSubrange(0..<2, with: [10, UInt8(count)]) }
            if let result = Self.apply(bytes) { #expect(result.utf8.count <= 255 * 4) }
            bytes.withUnsafeBytes { _ = PackEntry($0, at: 100) }
        }
    }

    @Test("a delta against what comes later in the pack, or before it, is refused")
    func distances() {
        for distance: UInt8 in [0, 101, 127] {
            [0x60 | 5, distance].withUnsafeBytes { #expect(PackEntry($0, at: 100) == nil) }
        }
        [UInt8(0x60 | 5), 100].withUnsafeBytes {
            #expect(PackEntry($0, at: 100)?.kind == .offsetDelta(base: 0))
        }
    }
}
