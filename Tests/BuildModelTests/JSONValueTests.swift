import BuildModel
import Documents
import Testing

@Suite("Canonical JSON")
struct JSONValueTests {
    @Test("sorts members by their bytes, has no spaces and does not escape slashes")
    func canonical() {
        let value: JSONValue = ["b": 1, "a": ["x": true, "é": nil, "z": "a/b"], "B": [1, 2, "3"]]
        #expect(value.canonicalText == #"{"B":[1,2,"3"],"a":{"x":true,"z":"a/b","é":null},"b":1}"#)
    }

    @Test("escapes quotes, backslashes and every control character, and nothing else")
    func escapes() {
        let value = JSONValue.string("\"\\\n\r\t\u{0}\u{1f}\u{7f}\u{2028}😀")
        #expect(value.canonicalText == "\"\\\"\\\\\\n\\r\\t\\u0000\\u001f\u{7f}\u{2028}😀\"")
    }

    @Test("reads back as the value it was", arguments: ["\u{0}", "a\"b", "\\u0041", "\u{10FFFF}", "\r\n"])
    func roundTrip(text: String) throws {
        let value: JSONValue = ["k": .string(text), "n": .integer(.max), "m": .integer(.min), "d": .number(0.5)]
        #expect(try JSONDocument.parse(value.canonicalBytes) == value)
    }

    @Test("is the same members, indented, for people")
    func pretty() {
        let value: JSONValue = ["a": [1], "b": [:], "c": []]
        #expect(value.prettyText == "{\n  \"a\": [\n    1\n  ],\n  \"b\": {},\n  \"c\": []\n}")
    }
}
