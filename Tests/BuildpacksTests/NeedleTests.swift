import TestSupport
import Testing

@testable import Buildpacks

@Suite("Looking for bytes in a text")
struct NeedleTests {
    @Test(
        "bytes are found where they stand, at either end too, and nowhere else",
        arguments: [
            ("", "", true), ("", "a", true), ("a", "", false), ("ab", "a", false), ("ab", "ab", true),
            ("ab", "xab", true),
            ("ab", "abx", true), ("ba", "abx", false), ("aab", "aaab", true), ("x=1", "y=1;x=2;x=1", true),
            ("Z", "zzz", false), ("mkdir(", "os.mkdir (", false), ("mkdir(", "os.mkdir(", true),
        ]
    )
    func places(_ needle: String, _ text: String, _ expected: Bool) {
        #expect(Needle(Array(needle.utf8)).stands(in: Array(text.utf8)[...]) == expected)
    }

    @Test(
        "in any text, and in any part of one, they are found as a search from place to place finds them",
        arguments: 0..<20
    )
    func property(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let text = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                UInt8.random(in: 97...99, using: &generator)
            }
            let bytes = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                UInt8.random(in: 97...99, using: &generator)
            }
            let part = text.dropFirst(Int.random(in: 0...3, using: &generator)).dropLast(2)
            let expected = bytes.isEmpty || part.indices.contains { part[$0...].starts(with: bytes) }
            #expect(Needle(bytes).stands(in: part) == expected, "\(bytes) in \(part)")
        }
    }
}
