import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("slipway doctor")
struct DoctorTests {
    private func configuration(_ scratch: Scratch, _ redis: RedisServer, _ more: String = "") throws -> String {
        try scratch.write(
            "redis:\n  url: \(redis.url)\ncacheDirectory: \(scratch("cache"))\n\(more)",
            to: "worker.yaml"
        )
    }

    @Test("ends with 0 and lists every check where all is well, for people and for programs")
    func sound() async throws {
        let (scratch, redis) = (try Scratch(), try await RedisServer())
        let file = try configuration(scratch, redis)
        let text = try await SlipwayProgram.result(["doctor", "--config", file])
        #expect(text.succeeded)
        #expect(text.lines.contains { $0.hasPrefix("redis.persistence") && $0.contains("ok") })
        let result = try await SlipwayProgram.result(["doctor", "--config", file, "-o", "json"])
        let json = try JSONDocument.parse(result.text)
        #expect(json["status"]?.string == "ok")
        #expect(json["findings"]?.array?.contains { $0["name"]?.string == "node.cache" } == true)
        #expect(text.lines.contains { $0.hasPrefix("sandbox.egress") && $0.contains("*:443: all of the internet.") })
    }

    @Test("ends with 78 and says what to do where a promise cannot be kept; the worker refuses by the same name")
    func unsafe() async throws {
        let (scratch, redis) = (try Scratch(), try await RedisServer(options: ["--appendonly", "no"]))
        let file = try configuration(scratch, redis)
        let doctor = try await SlipwayProgram.result(["doctor", "--config", file])
        #expect(doctor.status == 78)
        #expect(doctor.text.contains("Set appendonly to yes"))
        let worker = try await SlipwayProgram.result(["worker", "--config", file])
        #expect(worker.status == 78)
        #expect(worker.errorText.contains("redis.persistence"))
        #expect(worker.errorText.contains("worker.acceptedRisks"))
    }

    /// What doctor says of the sandbox to a user who is not root, by check.
    private func findings(_ redis: RedisServer, _ change: (inout OrdinaryUser) -> Void) async throws -> [String:
        JSONValue]
    {
        let scratch = try Scratch()
        var user = try OrdinaryUser(in: scratch)
        change(&user)
        try user.own("cache")
        let file = try configuration(scratch, redis)
        let programs = SlipwayProgram.path.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
        let view = try user.view(programs, as: "programs")
        let words = ["\(view.to)/slipway", "doctor", "--config", file, "-o", "json"]
        let result = try await user.result(words, views: [view])
        let list = try JSONDocument.parse(result.text)["findings"]?.array ?? []
        return Dictionary(list.map { ($0["name"]?.string ?? "", $0) }) { first, _ in first }
    }

    @Test("tells a user who is not root what steps lack, and nothing where all is there")
    func rootless() async throws {
        let redis = try await RedisServer()
        let checks = ["sandbox.runtime", "sandbox.identities", "sandbox.privileges", "sandbox.leftovers"]
        let whole = try await findings(redis) { _ in }
        for check in checks { #expect(whole[check]?["status"] == "ok", "\(String(describing: whole[check]))") }
        let cases: [(words: String, change: (inout OrdinaryUser) -> Void)] = [
            ("no subordinate ids", { $0.hasSubordinateIDs = false }),
            ("newuidmap and newgidmap are not installed", { $0.lacks = ["/usr/bin/newuidmap"] }),
            ("may not gain privileges", { $0.mayGainPrivileges = false }),
        ]
        for (words, change) in cases {
            let found = try await findings(redis, change)
            let finding = try #require(found["sandbox.privileges"])
            #expect(finding["status"] == "warning" && finding["message"]?.string?.contains(words) == true, "\(finding)")
            #expect(finding["remedy"]?.string?.contains("builds with steps fail on this node") == true, "\(finding)")
            #expect(found["sandbox.identities"]?["status"] == "warning")
        }
        let noRuntime = try await findings(redis) { $0.lacks = ["/usr/bin/crun", "/usr/sbin/runc"] }
        #expect(noRuntime["sandbox.runtime"]?["message"]?.string?.contains("There is no OCI runtime") == true)
    }

    @Test("asks the cluster whether it may be deployed to")
    func cluster() async throws {
        let (scratch, redis) = (try Scratch(), try await RedisServer())
        let cluster = try await KubernetesServer.shared
        let gone = try scratch.write(
            String(decoding: try Files.read(cluster.kubeconfig), as: UTF8.self)
                .replacing(cluster.url, with: "https://127.0.0.1:\(Port.free())"),
            to: "gone"
        )
        let cases = [
            (cluster.kubeconfig, Int32(0), "ok", "answers"),
            (cluster.nobodyKubeconfig, 78, "problem", "may not get, list"),
            (gone, 0, "warning", "127.0.0.1"),
        ]
        for (kubeconfig, status, verdict, words) in cases {
            let file = try configuration(scratch, redis, "kubernetes:\n  kubeconfig: \(kubeconfig)\n")
            let result = try await SlipwayProgram.result(["doctor", "--config", file, "-o", "json"])
            #expect(result.status == status, "\(result.text)")
            let findings = try JSONDocument.parse(result.text)["findings"]?.array ?? []
            let finding = try #require(findings.first { $0["name"] == "kubernetes.access" })
            #expect(finding["status"]?.string == verdict)
            #expect(finding["message"]?.string?.contains(words) == true, "\(finding)")
        }
    }

    @Test("a risk that is accepted by name lets the worker start")
    func accepted() async throws {
        let (scratch, redis) = (try Scratch(), try await RedisServer(options: ["--appendonly", "no"]))
        let file = try configuration(
            scratch,
            redis,
            "worker:\n  acceptedRisks: [redis.persistence]\nbuildpacks:\n  directory: \(Checkout.root)/buildpacks\n"
        )
        let words = [SlipwayProgram.path, "worker", "--config", file, "--log-format", "json"]
        let worker = try await ServerProcess(words, log: scratch("worker.log"))
        try await eventually("the worker is ready") { worker.log.contains("worker ready") }
        #expect(worker.log.contains("redis.persistence"))
    }
}
