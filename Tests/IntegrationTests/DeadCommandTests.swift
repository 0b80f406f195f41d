import BuildModel
import Documents
import TestSupport
import Testing

@Suite("slipway dead")
struct DeadCommandTests {
    @Test("lists what failed by no fault of its code and what names no build, shows each, and sends builds again")
    func dead() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("app", ["index.html": "x"])
        let worker = try await farm.startWorker()
        #expect(try await farm.slipway("dead").text.contains("No dead letters."))
        try await farm.add(#"{"projectId":"nameless"}"#)
        let away = "127.0.0.1:\(Port.free())"
        try await farm.add("lost", repository: "app", #","attempts":1,"image":"\#(away)/app:1""#)
        #expect(try await farm.ended("lost")["state"] == "FAILED", "\(worker.log)")
        // The code's own failure is none: sending it again would not help.
        try await farm.add("wrong", repository: "nowhere")
        #expect(try await farm.ended("wrong")["state"] == "FAILED")

        let letters = try JSONDocument.parse(try await farm.slipway("dead", "list", "-o", "json").text).array ?? []
        #expect(letters.count == 2, "\(letters)")
        #expect(letters.contains { $0["deploymentId"] == "lost" && $0["failure"]?["code"] == "unreachable" })
        let entry = try #require(letters.first { $0["deploymentId"] == nil })
        let position = try #require(entry["id"]?.string)
        let table = try await farm.slipway("dead").text
        #expect(table.contains("lost") && table.contains("unreachable:") && table.contains(position), "\(table)")

        #expect(try await farm.slipway("dead", "show", "lost").text.contains(away))
        let shown = try JSONDocument.parse(try await farm.slipway("dead", "show", position, "-o", "json").text)
        #expect(shown["request"]?.string?.contains("nameless") == true)
        #expect(shown["reason"]?.string?.contains("deploymentId") == true)
        let nobody = try await farm.slipway("dead", "show", "nobody")
        #expect(!nobody.succeeded && nobody.errorText.contains("nobody"))

        let refused = try await farm.slipway("dead", "retry", position)
        #expect(!refused.succeeded && refused.errorText.contains("names no build"))
        let sent = try await farm.slipway("dead", "retry", "lost", "-o", "json")
        #expect(try JSONDocument.parse(sent.text) == ["deploymentId": "lost", "state": "PENDING"])
        try await eventually("it has run again") {
            try await farm.entries("slipway:{farm}:events:lost").count { $0["type"] == "finished" } == 2
        }
        #expect(try await farm.entries("slipway:{farm}:events:lost").contains { $0["type"] == "requeued" })
    }
}
