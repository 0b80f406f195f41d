import BuildModel
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("The intake")
struct IntakeTests {
    @Test("takes a plain XADD from outside")
    func plainProducer() async throws {
        let farm = try await Farm()
        let text = Farm.request("d1", #","branch":"main","priority":3"#)
        try await farm.add(text)
        let lease = try await farm.worker().claim()
        #expect(lease?.id == "d1")
        #expect(lease?.requestText == text)
        #expect(lease?.attempt == 1)
        #expect(try await farm.server.cli("XLEN", Farm.intake) == ["0"])
        let status = try await farm.status("d1")
        #expect(status.state == .building)
        #expect(status.request == .init(projectID: "p1", repositoryURL: "https://example.com/r.git", branch: "main"))
    }

    @Test("shows a request's status before any worker had room for it")
    func statusBeforeClaim() async throws {
        let farm = try await Farm()
        try await farm.add(Farm.request("d1"))
        #expect(try await farm.status("d1").state == .pending)
        #expect(try await farm.client.status("other") == nil)
        #expect(try await farm.worker().claim()?.id == "d1")
    }

    @Test("takes a repeated id once")
    func idempotent() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        for _ in 0..<3 { try await farm.add(Farm.request("d1")) }
        #expect(try await worker.claim()?.id == "d1")
        try await farm.add(Farm.request("d1", #","branch":"other""#))
        #expect(try await worker.claim() == nil)
        #expect(try await farm.client.list(limit: 10).map(\.deploymentID) == ["d1"])
        #expect(try await farm.status("d1").request.branch == nil)
    }

    @Test(
        "buries what names no build, says why, and goes on",
        arguments: [
            ("nonsense", "not JSON"), ("", "not JSON"), ("[1]", "no deploymentId"), ("7", "not a JSON object"),
            ("{}", "no deploymentId"), (#"{"deploymentId":7}"#, "deploymentId must be"),
            (#"{"deploymentId":null}"#, "deploymentId must be"), (#"{"deploymentId":"-x"}"#, "deploymentId must be"),
            (#"{"deploymentId":"a b"}"#, "deploymentId must be"),
            (#"{"deploymentId":"a\u0000"}"#, "deploymentId must be"),
            (#"{"deploymentId":"a:b}{"}"#, "deploymentId must be"), (#"{"deploymentId":"d1""#, "not JSON"),
            (String(repeating: "[", count: 5000), "not JSON"),
        ]
    )
    func deadLetters(request: String, reason: String) async throws {
        let farm = try await Farm()
        try await farm.add(request)
        try await farm.add(Farm.request("good"))
        #expect(try await farm.worker().claim()?.id == "good")
        let dead = try await farm.redis.send(["XRANGE", "slipway:{farm}:dead", "-", "+"])
        let fields = dead[0]?[1]?.pairs ?? [:]
        #expect(fields["reason"]?.text?.contains(reason) == true)
        #expect(fields["request"]?.text == String(request.prefix(4096)))
        #expect(try await farm.server.cli("XLEN", Farm.intake) == ["0"])
    }

    @Test("buries entries without the field, and requests too large to look into")
    func hopeless() async throws {
        let farm = try await Farm()
        try await farm.server.cli("XADD", Farm.intake, "*", "job", "x")
        let huge = RedisArgument(Farm.request("d1", #","x":"\#(String(repeating: "a", count: 1 << 20))""#))
        try await farm.redis.send(["XADD", "slipway:{farm}:intake", "*", "request", huge])
        #expect(try await farm.worker().claim() == nil)
        #expect(try await farm.server.cli("XLEN", "slipway:{farm}:dead") == ["2"])
    }

    @Test("fails a build whose request is over 256 KiB, with a reason")
    func tooLarge() async throws {
        let farm = try await Farm()
        let large = RedisArgument(Farm.request("d1", #","x":"\#(String(repeating: "a", count: 300_000))""#))
        try await farm.redis.send(["XADD", "slipway:{farm}:intake", "*", "request", large])
        #expect(try await farm.worker().claim() == nil)
        let status = try await farm.status("d1")
        #expect(status.state == .failed)
        #expect(status.failure?.code == "invalid_request")
        #expect(status.failure?.message.contains("262144") == true)
        #expect(try await farm.server.cli("TTL", "slipway:{farm}:build:d1").first.flatMap { Int($0) } ?? 0 > 600_000)
    }

    @Test(
        "fails a build whose project or labels no worker could use, says why, and lets others go on",
        arguments: [
            (#""projectId":"my project""#, "projectId must be"), (#""projectId":"-""#, "projectId must be"),
            (#""projectId":7"#, "projectId must be"), (#""projectId":null"#, "projectId must be"),
            (#""projectId":"p","labels":{"arch":"amd 64"}"#, "labels must be"),
            (#""projectId":"p","labels":{"arch":1}"#, "labels must be"),
            (#""projectId":"p","labels":"x""#, "labels must be"),
        ]
    )
    func misfits(members: String, reason: String) async throws {
        let farm = try await Farm()
        try await farm.add(#"{"deploymentId":"odd","repositoryUrl":"https://example.com/r.git",\#(members)}"#)
        try await farm.add(Farm.request("d1"))
        let worker = try farm.worker()
        #expect(try await worker.claim()?.id == "d1")
        let status = try await farm.status("odd")
        #expect(status.state == .failed)
        #expect(status.failure?.code == "invalid_request")
        #expect(status.failure?.message.contains(reason) == true, "\(status.failure?.message ?? "")")
        await #expect(throws: BuildFailure.self) {
            try await farm.client.enqueue(
                #"{"deploymentId":"odd2","repositoryUrl":"https://example.com/r.git",\#(members)}"#
            )
        }
    }

    @Test(
        "leaves no half of a build where a key of the farm is something else",
        arguments: ["builds", "delayed", "events"]
    )
    func strangeKey(name: String) async throws {
        let farm = try await Farm()
        let key = "slipway:{farm}:\(name)"
        try await farm.server.cli("SET", key, "x")
        let text = Farm.request("d1", #","delay":1"#)
        if name == "events" {
            // Whoever watches misses something; the build does not.
            #expect(try await farm.client.enqueue(text).isNew)
            #expect(try await farm.server.cli("HGET", "slipway:{farm}:counters", "eventsLost") == ["1"])
        } else {
            await #expect(throws: BuildFailure.self) { try await farm.client.enqueue(text) }
            for left in ["build:d1", "events:d1", "ready:-"] {
                #expect(try await farm.server.cli("EXISTS", "slipway:{farm}:\(left)") == ["0"], "\(left)")
            }
            try await farm.server.cli("DEL", key)
            #expect(try await farm.client.enqueue(text).isNew)
        }
        let worker = try farm.worker()
        let lease = try await eventually("the build is claimed") { try await worker.claim() }
        try await worker.finish(lease, .succeeded(BuildResult()))
        #expect(try await farm.status("d1").state == .success)
    }

    @Test("is not stopped by a note of what runs that makes no sense")
    func nonsense() async throws {
        let farm = try await Farm()
        try await farm.server.cli("HSET", "slipway:{farm}:running", "x", "1 - my project", "y", "nonsense")
        try await farm.add(Farm.request("d1"))
        #expect(try await farm.worker().claim()?.id == "d1")
    }

    @Test("is read by workers that have no free slot, too")
    func tended() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        try await farm.add(Farm.request("d1", #","supersedes":"main""#))
        let lease = try #require(try await worker.claim())
        try await farm.add(Farm.request("d2", #","supersedes":"main""#))
        _ = try await worker.tend()
        #expect(try await worker.renew(lease).cancellation?.code == .superseded)
        #expect(try await farm.server.cli("XLEN", Farm.intake) == ["0"])
    }

    @Test("keeps logins in repository URLs out of the status")
    func credentials() async throws {
        let farm = try await Farm()
        try await farm.add(
            #"{"deploymentId":"d1","projectId":"p","repositoryUrl":"https://me:hunter2@git.example/a@b"}"#
        )
        let status = try await farm.status("d1")
        #expect(status.request.repositoryURL == "https://git.example/a@b")
        #expect(!status.json.canonicalText.contains("hunter2"))
    }

    @Test("takes a backlog larger than one round in order")
    func backlog() async throws {
        let farm = try await Farm()
        for number in 0..<150 {
            try await farm.redis.send(
                ["XADD", "slipway:{farm}:intake", "*", "request", RedisArgument(Farm.request("d\(number)"))]
            )
        }
        let worker = try farm.worker()
        for number in 0..<150 { #expect(try await worker.claim()?.id == "d\(number)") }
        #expect(try await worker.claim() == nil)
    }

    @Test("keeps builds apart whose ids look like each other's keys")
    func lookalikes() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        for id in ["d1", "d1:log", "log:d1", "d1:events", "events:d1"] {
            let lease = try await farm.claimed(id, by: worker)
            try await worker.appendLog(lease, from: 1, lines(id))
            try await worker.finish(lease, .succeeded(BuildResult()))
        }
        for id in ["d1", "d1:log", "log:d1", "d1:events", "events:d1"] {
            #expect(try await farm.texts(id) == [id])
            #expect(try await farm.client.events(of: id).count == 3)
        }
    }

    @Test("starts afresh with an id whose build was removed by hand")
    func removedByHand() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        for text in ["first", "second"] {
            let lease = try await farm.claimed("d1", by: worker)
            try await worker.appendLog(lease, from: 1, lines(text))
            #expect(try await farm.texts("d1") == [text])
            try await farm.server.cli("DEL", "slipway:{farm}:build:d1")
        }
    }
}
