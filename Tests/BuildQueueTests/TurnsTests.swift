import BuildModel
import Documents
import TestSupport
import Testing

@testable import BuildQueue

@Suite("Turns")
struct TurnsTests {
    private func add(_ farm: Farm, _ ids: [String], tenant: String, _ more: String = "") async throws {
        for id in ids {
            let members = #","organizationId":"\#(tenant)"\#(more)"#
            _ = try await farm.client.enqueue(Farm.request(id, members))
        }
    }

    private func claimed(_ worker: WorkerQueue, _ count: Int) async throws -> [String] {
        var ids: [String] = []
        while ids.count < count, let lease = try await worker.claim() {
            ids.append(lease.id)
            try await worker.finish(lease, .succeeded(BuildResult()))
        }
        return ids
    }

    @Test("let one build of a tenant begin next, however many another tenant has waiting")
    func fair() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        try await add(farm, (0..<1000).map { "a\($0)" }, tenant: "acme")
        #expect(try await claimed(worker, 10).allSatisfy { $0.hasPrefix("a") })
        try await add(farm, ["b1"], tenant: "beta")
        let next = try await claimed(worker, 2)
        #expect(next.contains("b1"))
        // Its absence before has earned it nothing.
        try await add(farm, ["b2", "b3", "b4", "b5"], tenant: "beta")
        let after = try await claimed(worker, 8)
        #expect(after.count { $0.hasPrefix("b") } == 4)
        #expect(after.prefix(4).count { $0.hasPrefix("b") } == 2)
    }

    @Test("let it begin next also when all came by the intake while nobody was there", arguments: [1000, 1600])
    func fairIntake(count: Int) async throws {
        let farm = try await Farm()
        let requests = (0..<count).map { (id: "a\($0)", tenant: "acme") } + [(id: "b1", tenant: "beta")]
        let lines = requests.map { build in
            "XADD \(Farm.intake) * request '\(Farm.request(build.id, #","organizationId":"\#(build.tenant)""#))'\n"
        }
        let words = ["redis-cli", "-e", "-p", String(farm.server.port)]
        try await Command.output(words, input: Array(lines.joined().utf8))
        let worker = try farm.worker()
        var ids: [String] = []
        while ids.count < 2 {
            // Nothing is given out before all is known; the next call goes on at once.
            guard let lease = try await worker.claim() else {
                #expect(try await worker.waitForWork(.seconds(60)))
                continue
            }
            ids.append(lease.id)
            try await worker.finish(lease, .succeeded(BuildResult()))
        }
        #expect(ids.contains("b1"))
    }

    @Test("are not given to a build without end of labels, which every claim would look at")
    func manyLabels() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        for (id, count) in [("many", 33), ("few", 32)] {
            let labels = (0..<count).map { #""l\#($0)":"x""# }.joined(separator: ",")
            try await farm.add(Farm.request(id, #","labels":{\#(labels)}"#))
        }
        #expect(try await worker.claim() == nil)
        #expect(try await farm.status("many").failure?.code == "invalid_request")
        #expect(try await farm.status("few").state == .pending)
    }

    @Test("are told of to workers that had nothing to do when another one took requests in")
    func doorbell() async throws {
        let farm = try await Farm()
        let (one, other) = (try farm.worker("w1"), try farm.worker("w2"))
        #expect(try await other.claim() == nil)
        for id in ["d1", "d2"] { try await farm.post(Farm.request(id, #","deploy":false"#)) }
        #expect(try await one.claim() != nil)
        #expect(try await other.waitForWork(.seconds(10)))
        #expect(try await other.claim() != nil)
    }

    @Test("are asked of tenants that have builds waiting, however many others had one once")
    func onceSeen() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        for number in 0..<20 { try await add(farm, ["a\(number)"], tenant: "t\(number)") }
        #expect(try await claimed(worker, 20).count == 20)
        #expect(try await worker.claim() == nil)
        for key in ["tenants", "idle"] { #expect(try await farm.server.cli("ZCARD", "slipway:{farm}:\(key)") == ["0"]) }
        // While one waits, what others have had is remembered: coming back is worth no turn.
        try await add(farm, ["w1"], tenant: "waiting", #","labels":{"arch":"none"}"#)
        for number in 0..<20 { try await add(farm, ["b\(number)"], tenant: "t\(number)") }
        #expect(try await claimed(worker, 20).count == 20)
        #expect(try await worker.claim() == nil)
        #expect(try await farm.server.cli("ZRANGE", "slipway:{farm}:tenants", "0", "-1") == ["waiting"])
        #expect(try await farm.server.cli("ZCARD", "slipway:{farm}:idle") == ["20"])
        try await add(farm, ["c1", "c2"], tenant: "zeta")
        try await add(farm, ["b20"], tenant: "t0")
        #expect(try await claimed(worker, 1) == ["c1"])
    }

    @Test("are as many as a tenant's weight")
    func weights() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.tenantWeights = ["acme": 3] }
        try await add(farm, (0..<30).map { "a\($0)" }, tenant: "acme")
        try await add(farm, (0..<30).map { "b\($0)" }, tenant: "beta")
        let ids = try await claimed(worker, 24)
        #expect((17...19).contains(ids.count { $0.hasPrefix("a") }))
    }

    @Test("are not given to a tenant that has as many builds running as it may")
    func tenantLimit() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.tenantLimit = 2 }
        try await add(farm, ["a1", "a2", "a3"], tenant: "acme")
        try await add(farm, ["b1"], tenant: "beta")
        var leases: [Lease] = []
        while let lease = try await worker.claim() { leases.append(lease) }
        #expect(Set(leases.map(\.id)) == ["a1", "a2", "b1"])
        #expect(try await farm.client.reasonToWait("a3")?.text == "its tenant has 2 builds running, as many as it may")
        #expect(try await farm.client.reasonToWait("a1") == nil)
        async let woke = worker.waitForWork(.seconds(300))
        let first = try #require(leases.first { $0.id == "a1" })
        try await worker.finish(first, .succeeded(BuildResult()))
        #expect(try await woke)
        #expect(try await worker.claim()?.id == "a3")
    }

    @Test("keep the builds of a project in order, one at a time, its other attempts included")
    func projectLimit() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.projectLimit = 1 }
        let retried = #","backoff":{"delay":3600000}"#
        try await add(farm, ["d1", "d2"], tenant: "acme", retried)
        for (index, mode) in ["false", #""none""#, #""render""#].enumerated() {
            try await add(farm, ["no-deploy-\(index)"], tenant: "acme", #","deploy":\#(mode)"#)
        }
        try await add(farm, ["other-tenant"], tenant: "beta")
        let first = try #require(try await worker.claim())
        #expect(first.id == "d1")
        var others: [String] = []
        while let lease = try await worker.claim() { others.append(lease.id) }
        #expect(Set(others) == ["no-deploy-0", "no-deploy-1", "no-deploy-2", "other-tenant"])
        let away = BuildFailure(.platform, .unreachable, operation: "test", message: "Away.", isRetryable: true)
        try await worker.finish(first, .failed(away))
        #expect(try await worker.claim() == nil)
        #expect(try await farm.client.reasonToWait("d2")?.text.contains("of its project") == true)
        #expect(try await farm.client.reasonToWait("d1")?.text.contains("waits until") == true)
        // As if its time had come.
        try await farm.server.cli("ZADD", "slipway:{farm}:delayed", "0", "d1")
        let second = try #require(try await worker.claim())
        #expect(second.id == "d1")
        try await worker.finish(second, .succeeded(BuildResult()))
        #expect(try await worker.claim()?.id == "d2")
    }

    @Test(
        "let no newer build of a project begin before one that has begun and comes back, whatever its priority",
        arguments: ["retried", "given back"]
    )
    func comesBack(how: String) async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.projectLimit = 1 }
        try await farm.add(Farm.request("d1", #","backoff":{"type":"exponential","delay":0}"#))
        let lease = try #require(try await worker.claim())
        try await farm.add(Farm.request("d2", #","priority":10"#))
        if how == "given back" {
            try await worker.giveBack(lease)
        } else {
            let broken = BuildFailure(.platform, .system, operation: "test", message: "Broke.", isRetryable: true)
            try await worker.finish(lease, .failed(broken))
        }
        let again = try #require(try await worker.claim())
        #expect(again.id == "d1")
        #expect(try await worker.claim() == nil)
        try await worker.finish(again, .succeeded(BuildResult()))
        #expect(try await worker.claim()?.id == "d2")
    }

    @Test("lock no project up when fewer of its builds may run than before")
    func fewer() async throws {
        let farm = try await Farm()
        let wide = try farm.worker { $0.projectLimit = 2 }
        for id in ["d1", "d2", "d3"] { try await farm.add(Farm.request(id)) }
        let leases = [try #require(try await wide.claim()), try #require(try await wide.claim())]
        for lease in leases { try await wide.giveBack(lease) }
        let narrow = try farm.worker("w2") { $0.projectLimit = 1 }
        for id in ["d1", "d2", "d3"] {
            let lease = try #require(try await narrow.claim())
            #expect(lease.id == id)
            #expect(try await narrow.claim() == nil)
            try await narrow.finish(lease, .succeeded(BuildResult()))
        }
    }

    @Test("are not held up by hundreds of builds of the tenant that no worker may run")
    func blocked() async throws {
        let farm = try await Farm()
        try await add(farm, (0..<300).map { "a\($0)" }, tenant: "acme", #","labels":{"arch":"none"}"#)
        _ = try await farm.client.enqueue(
            #"{"deploymentId":"free","projectId":"p2","organizationId":"acme","repositoryUrl":"https://example.com/r.git"}"#
        )
        #expect(try await farm.worker().claim()?.id == "free")
    }

    @Test("are found behind thousands of builds that no worker may run, by claims that each look at a bounded number")
    func bounded() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.projectLimit = 1 }
        let blocked = (0..<5).flatMap { tenant in
            (0..<2000).map { number in
                #"{"deploymentId":"\#(tenant)-\#(number)","projectId":"p\#(number)","organizationId":"t\#(tenant)","#
                    + #""repositoryUrl":"https://example.com/r.git","labels":{"arch":"none"}}"#
            }
        }
        let requests = blocked + [Farm.request("free", #","organizationId":"u""#)]
        let lines = requests.map { "XADD \(Farm.intake) * request '\($0)'\n" }.joined()
        try await Command.output(["redis-cli", "-e", "-p", String(farm.server.port)], input: Array(lines.utf8))
        try await eventually("all is taken in") {
            try await worker.tend()
            return try await farm.server.cli("XLEN", Farm.intake) == ["0"]
        }
        var claims = 0
        let found = try await eventually("the build is found") {
            claims += 1
            try await farm.server.cli("CONFIG", "RESETSTAT")
            let lease = try await worker.claim()
            let calls = try await farm.server.cli("INFO", "commandstats").first { $0.hasPrefix("cmdstat_hmget:calls=") }
            let count = try #require(calls?.split(separator: "=")[1].split(separator: ",").first.flatMap { Int($0) })
            // Two for each build, and the last tenant is looked at whole.
            #expect(count < 2 * (4096 + 2048) + 100)
            if lease == nil { #expect(worker.mark.untilDue == .zero) }
            return lease
        }
        #expect(found.id == "free")
        #expect(claims == 2)
        // When all were looked at again there is nothing to do.
        #expect(try await worker.claim() == nil)
        #expect(worker.mark.untilDue == .zero)
        #expect(try await worker.claim() == nil)
        #expect(worker.mark.untilDue > .seconds(1))
        #expect(!(try await worker.waitForWork(.milliseconds(50))))
    }

    @Test(
        "are found by and by behind more builds of the tenant than a claim looks at, and never before an older one of their project",
        arguments: ["labels", "project"]
    )
    func farBack(kept: String) async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.projectLimit = 1 }
        func request(_ id: String, project: String, _ more: String = "") -> String {
            #"{"deploymentId":"\#(id)","projectId":"\#(project)","organizationId":"acme","#
                + #""repositoryUrl":"https://example.com/r.git"\#(more)}"#
        }
        let blocked = (0..<5000).map { number in
            kept == "labels"
                ? request("a\(number)", project: "p\(number)", #","labels":{"arch":"none"}"#)
                : request("a\(number)", project: "p")
        }
        // Newer builds of projects of which one waits among the first 2048, and among the next.
        let newer = kept == "labels" ? [10, 3000].map { request("b\($0)", project: "p\($0)") } : []
        let requests = blocked + newer + [request("free", project: "q")]
        let lines = requests.map { "XADD \(Farm.intake) * request '\($0)'\n" }.joined()
        try await Command.output(["redis-cli", "-e", "-p", String(farm.server.port)], input: Array(lines.utf8))
        try await eventually("all is taken in") {
            try await worker.tend()
            return try await farm.server.cli("XLEN", Farm.intake) == ["0"]
        }
        if kept == "project" { #expect(try await worker.claim()?.id == "a0") }
        if kept == "project" {
            let reason = try await farm.client.reasonToWait("free")?.text
            #expect(reason == "number 5000 of its tenant; beyond the first 2048 workers look at a part each time")
        }
        var claims = 0
        let found = try await eventually("the build is found") {
            claims += 1
            return try await worker.claim()
        }
        #expect(found.id == "free")
        #expect(claims <= 3)
        for _ in 0..<4 { #expect(try await worker.claim() == nil) }
        let left = try await farm.server.cli("KEYS", "slipway:{farm}:look:*")
        #expect(left.count <= 1, "workers that offer the same have one place")
    }

    @Test("are not missed that come for a part of the farm which a claim has looked at, while it goes on with the rest")
    func comesMeanwhile() {
        let mark = DoorbellMark()
        mark.move(to: "1-0", due: 0, place: "5 acme")
        // The doorbell rings.
        mark.move(to: "2-0", due: -1, place: nil)
        #expect(mark.value == "1-0")
        mark.move(to: "2-0", due: -1, place: nil)
        #expect(mark.value == "2-0")
    }

    @Test("that wait for an older build of their project say which")
    func saidWhich() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.projectLimit = 1 }
        try await farm.add(Farm.request("d1", #","labels":{"arch":"arm64"}"#))
        try await farm.add(Farm.request("d2"))
        #expect(try await worker.claim() == nil)
        #expect(try await farm.client.reasonToWait("d2")?.text == "build d1 of its project comes first")
    }

    @Test("leave no build in another's way that was given back, cancelled, or lost its worker")
    func released() async throws {
        let farm = try await Farm()
        let worker = try farm.worker { $0.projectLimit = 1 }
        try await add(farm, ["d1", "d2"], tenant: "acme")
        let first = try #require(try await worker.claim())
        try await worker.giveBack(first)
        let again = try #require(try await worker.claim())
        #expect(again.id == "d1")
        _ = try await farm.client.cancel("d1")
        try await worker.finish(again, .failed(.cancelled(operation: "test")))
        #expect(try await worker.claim()?.id == "d2")
        #expect(try await farm.server.cli("HLEN", "slipway:{farm}:running") == ["1"])
    }

    @Test("age: a step of priority is worth a minute's wait, not more")
    func ageing() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        try await add(farm, ["old"], tenant: "acme")
        // As if it had come ten minutes ago.
        try await farm.server.cli("ZINCRBY", "slipway:{farm}:ready:acme", "-600000000", "old")
        try await add(farm, ["nine"], tenant: "acme", #","priority":9"#)
        try await add(farm, ["eleven"], tenant: "acme", #","priority":11"#)
        #expect(try await claimed(worker, 3) == ["eleven", "old", "nine"])
    }

    @Test("go to workers that have all labels of a build")
    func labels() async throws {
        let farm = try await Farm()
        let plain = try farm.worker("plain")
        let arm = try farm.worker("arm") { $0.labels = ["arch": "arm64", "size": "large"] }
        try await add(farm, ["d1"], tenant: "acme", #","labels":{"arch":"arm64"}"#)
        try await add(farm, ["d2"], tenant: "acme")
        #expect(try await plain.claim()?.id == "d2")
        #expect(try await plain.claim() == nil)
        #expect(
            try await farm.client.reasonToWait("d1")?.text.contains(#"no worker has its labels {"arch":"arm64"}"#)
                == true
        )
        #expect(try await arm.claim()?.id == "d1")
    }

    @Test("can be explained: the position, and that no worker is there")
    func explained() async throws {
        let farm = try await Farm()
        try await add(farm, ["d1", "d2"], tenant: "acme")
        #expect(try await farm.client.reasonToWait("d2")?.text.contains("no worker") == true)
        _ = try await farm.worker().claim()
        #expect(try await farm.client.reasonToWait("d2")?.text == "number 1 of its tenant, until a slot is free")
        #expect(try await farm.client.reasonToWait("unknown") == nil)
        let overview = try await farm.client.overview()
        #expect(overview["ready"] == 1)
        #expect(overview["running"] == 1)
        #expect(overview["tenants"] == [["tenant": "acme", "ready": 1, "running": 1]])
        #expect(overview["workers"]?.array?.first?["name"] == "w1")
    }

    @Test("are told as nothing of an empty farm")
    func empty() async throws {
        let farm = try await Farm()
        let overview = try await farm.client.overview()
        #expect(try await farm.server.cli("DBSIZE") == ["0"])
        #expect(overview["tenants"] == [])
        #expect(overview["workers"] == [])
        #expect(overview["oldestReadyMilliseconds"] == nil)
    }
}
