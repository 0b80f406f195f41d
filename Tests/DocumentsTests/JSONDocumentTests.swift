import BuildModel
import Documents
import Testing

@Suite("JSON")
struct JSONDocumentTests {
    @Test("keeps whole numbers whole and tells them from booleans")
    func numbers() throws {
        #expect(
            try JSONDocument.parse("[0,1,true,false,1.0,1e3,9223372036854775807,0.25,null]").array?.first == .integer(0)
        )
        #expect(try JSONDocument.parse("[true,1]") == [true, 1])
        #expect(try JSONDocument.parse("9223372036854775807") == .integer(.max))
        #expect(try JSONDocument.parse("0.25") == .number(0.25))
    }

    @Test(
        "refuses what is not JSON",
        arguments: ["", "{", "nul", "{'a':1}", "[1] x", "\"\u{1}\"", "01", "{\"a\" 1}"]
    )
    func refusal(text: String) {
        let failure = #expect(throws: BuildFailure.self) { try JSONDocument.parse(text) }
        #expect(failure?.code.rawValue == "invalid_json")
    }

    @Test(
        "finds a member that an object has twice, however it is written",
        arguments: [
            (#"{"a":1,"b":2}"#, nil), (#"{"a":1,"a":2}"#, "a"), (#"{"a":{"b":1},"c":{"b":1}}"#, nil),
            (#"{"a":[{"b":1,"c":"b","b":1}]}"#, "b"),
            (#"{"deploymentId":"x","deployment\u0049d":"y"}"#, "deploymentId"),
            (#"{"a\"":1,"a":"\"a","b":["a","a"],"c":"{\"a\":1,\"a\":2}"}"#, nil), (#"{"":1,"":1}"#, ""),
            (#"[{"a":1},{"a":1},"a","a"]"#, nil), (#" { "a" : 1 , "b" : [ ] , "a" : null } "#, "a"), ("7", nil),
        ] as [(String, String?)]
    )
    func repeated(text: String, name: String?) throws {
        _ = try JSONDocument.parse(text)
        #expect(JSONDocument.repeatedMember(in: Array(text.utf8)) == name)
    }

    @Test("nesting without end is an error, not a crash")
    func nesting() {
        #expect(throws: BuildFailure.self) { try JSONDocument.parse(String(repeating: "[", count: 1_000_000)) }
    }
}
