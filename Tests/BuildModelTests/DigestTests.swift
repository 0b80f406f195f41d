import BuildModel
import Testing

@Suite("A digest")
struct DigestTests {
    private let hex = String(repeating: "0a", count: 32)

    @Test("is written as its algorithm and 64 hex digits, and reads back")
    func roundTrip() throws {
        let digest = try Digest(parsing: "sha256:\(hex)")
        #expect(digest.description == "sha256:\(hex)")
        #expect(digest == Digest(sha256: [UInt8](repeating: 10, count: 32)))
        #expect(digest.short == "0a0a0a0a0a0a")
    }

    @Test(
        "refuses what is not one, showing it",
        arguments: ["", "sha256:", "sha256:abc", "sha512:", "SHA256:x", "md5:00"]
    )
    func refusal(text: String) {
        let failure = #expect(throws: BuildFailure.self) { try Digest(parsing: text) }
        #expect(failure?.code.rawValue == "invalid_digest")
        #expect(failure?.message.contains("'\(text)'") == true)
    }

    @Test("refuses upper-case digits, which would be a second name for the same content")
    func upperCase() {
        #expect(throws: BuildFailure.self) { try Digest(parsing: "sha256:\(hex.uppercased())") }
    }
}

@Suite("Hexadecimal text")
struct HexadecimalTests {
    @Test("reads both cases and writes lower case")
    func decode() {
        #expect(Hexadecimal.decode("00fFA9") == [0, 255, 169])
        #expect(Hexadecimal.encode([0, 255, 169]) == "00ffa9")
    }

    @Test("is nil for odd lengths and other characters", arguments: ["0", "0g", "zz", "0x00"])
    func invalid(text: String) {
        #expect(Hexadecimal.decode(text) == nil)
    }
}
