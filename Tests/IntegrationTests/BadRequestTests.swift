import BuildModel
import Documents
import TestSupport
import Testing

@Suite("Requests that cannot be built")
struct BadRequestTests {
    @Test("end as FAILED with a reason that a producer can read, and the next job runs")
    func malformed() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("app", ["index.html": "x"])
        _ = try await farm.repository("odd", ["data.bin": "x"])
        let worker = try await farm.startWorker()
        try await farm.add(#"{"deploymentId":"wrong-type","projectId":"p","repositoryUrl":5}"#)
        try await farm.add(#"{"deploymentId":"missing","projectId":"p"}"#)
        try await farm.add(#"{"deploymentId":"cut-off","proj"#)
        // Redis' parser takes the last of two members, Swift's the first.
        let url = farm.git.url("app")
        let ids = #""deploymentId":"other","deploymentId":"twice""#
        try await farm.add(#"{\#(ids),"projectId":"p","repositoryUrl":"\#(url)"}"#)
        try await farm.add("no-branch", repository: "app", #","branch":"nope""#)
        try await farm.add("no-repository", repository: "gone")
        try await farm.add("nothing-detected", repository: "odd")
        try await farm.add("fine", repository: "app")

        #expect(try await farm.ended("fine")["state"] == "SUCCESS", "\(worker.log)")
        let expected = [
            ("twice", "invalid_request", "'deploymentId' twice"),
            ("wrong-type", "invalid_request", "repositoryUrl"), ("missing", "invalid_request", "repositoryUrl"),
            ("no-branch", "branch_not_found", "nope"), ("no-repository", "repository_not_found", "gone"),
            ("nothing-detected", "nothing_detected", "package.json"),
        ]
        for (id, code, words) in expected {
            let status = try await farm.ended(id)
            #expect(status["state"] == "FAILED")
            #expect(status["failure"]?["code"] == .string(code), "\(status.prettyText)")
            #expect(status["failure"]?["fault"] == "code")
            #expect(status["failure"]?["message"]?.string?.contains(words) == true, "\(status.prettyText)")
        }
        let dead = try await farm.redis.cli("XRANGE", "slipway:{farm}:dead", "-", "+").joined(separator: "\n")
        #expect(try await farm.redis.cli("HLEN", "slipway:{farm}:build:other") == ["0"])
        #expect(dead.contains("cut-off") && dead.contains("JSON"))
        #expect(worker.isRunning)
    }

    @Test("an unreachable git server and an unreachable registry are the platform's fault, and may pass")
    func unreachable() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("app", ["index.html": "x"])
        let worker = try await farm.startWorker()
        let dead = Port.free()
        try await farm.add(
            #"{"deploymentId":"git","projectId":"p","repositoryUrl":"http://127.0.0.1:\#(dead)/app"}"#
        )
        try await farm.add("registry", repository: "app", #","image":"127.0.0.1:\#(dead)/app:1""#)
        for id in ["git", "registry"] {
            let status = try await farm.ended(id)
            #expect(status["failure"]?["fault"] == "platform", "\(status.prettyText) \(worker.log)")
            #expect(status["failure"]?["code"] == "unreachable")
            #expect(status["failure"]?["message"]?.string?.contains("127.0.0.1:\(dead)") == true)
        }
    }
}
