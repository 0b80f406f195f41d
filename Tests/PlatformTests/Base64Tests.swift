import Platform
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test(
        "it is that of RFC 4648, both ways",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
    )
    func bothWays(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test("line ends are skipped, and all digits are known")
    func decoding() {
        #expect(Base64.decode("Zm9v\nYmFy\r\n") == Array("foobar".utf8))
        #expect(Base64.decode("+/8=") == [0xfb, 0xff])
        let bytes = (0...255).map { UInt8($0) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }

    @Test(
        "what is not base64 is refused",
        arguments: ["Zg", "Zg=", "Zm9v=", "====", "Zm=v", "Z*==", "Zg==Zg==", "Zm9 ", "Zm9v é"]
    )
    func refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
