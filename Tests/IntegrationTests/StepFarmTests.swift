import BuildModel
import Documents
import Glibc
import Platform
import TestSupport
import Testing

@Suite("Steps on the nodes of a farm")
struct StepFarmTests {
    /// A rule with steps that need no network; what one leaves is for the step after it alone.
    private static let rule = """
        language: probe
        image: docker.io/library/debian:13-slim
        detect: [{score: 50, when: [{file: probe.txt}]}]
        start: [{arguments: [cat, /app/probe.txt]}]
        steps:
          - name: install
            command: mkdir /out && head -c 200000 /dev/zero | od -v >/out/big && echo begun && sleep "$(cat pause.txt)"
            inputs: [probe.txt, pause.txt]
            outputs: [/out]
          - name: tools
            kind: install
            command: mkdir /tools && echo tool >/tools/t
            inputs: [probe.txt]
            outputs: [{path: /tools, shipped: false}]
          - name: build
            command: test -s /out/big && cp /tools/t made.txt
            outputs: [/app]
        """

    private func farm(pause: Int, _ more: String = "") async throws -> Farm {
        let farm = try await Farm(more)
        try farm.scratch.write(Self.rule, to: "rules/probe.yaml")
        _ = try await farm.repository("app", ["probe.txt": "hello\n", "pause.txt": "\(pause)\n"])
        return farm
    }

    private func worker(_ farm: Farm, _ name: String) async throws -> ServerProcess {
        try await farm.startWorker(
            "--worker-name",
            name,
            "--cache-directory",
            farm.scratch("cache-\(name)"),
            "--buildpacks-directory",
            farm.scratch("rules")
        )
    }

    @Test("what one node made another takes over: nothing is run, and no layer is read before a step needs it")
    func anotherNode() async throws {
        let farm = try await farm(pause: 0)
        let first = try await worker(farm, "node-1")
        try await farm.add("d-1", repository: "app")
        #expect(try await farm.ended("d-1")["state"] == "SUCCESS", "\(first.log)")
        let events = try await farm.redis.cli("XRANGE", "slipway:{farm}:events:d-1", "-", "+")
        #expect(events.contains("installing"), "\(events)")
        first.stop()

        let second = try await worker(farm, "node-2")
        let before = farm.registry.requests.count
        try await farm.add("d-2", repository: "app")
        let status = try await farm.ended("d-2")
        #expect(status["state"] == "SUCCESS", "\(second.log)")
        let log = try await farm.slipway("logs", "d-2").text
        #expect(!log.contains("of memory at most"), "\(log)")
        for step in ["install", "tools", "build"] { #expect(log.contains("\(step): remembered as"), "\(log)") }
        #expect(reads(farm, since: before) == [], "the layer was downloaded")
        #expect(status["phases"]?["installing"]?.integer != nil)
        try await fetched(farm, by: second)
        second.stop()
    }

    /// The source changes, so that a later step has to run on a node that has nothing of what the first one left.
    private func fetched(_ farm: Farm, by worker: ServerProcess) async throws {
        try await GitRepository(existing: farm.scratch("repositories/app")).commit(["other.txt": "x\n"])
        let before = farm.registry.requests.count
        try await farm.add("d-3", repository: "app")
        #expect(try await farm.ended("d-3")["state"] == "SUCCESS", "\(worker.log)")
        let log = try await farm.slipway("logs", "d-3").text
        #expect(log.contains("install: remembered as") && !log.contains("install: took"), "\(log)")
        #expect(log.contains("tools: run again: a later step needs its files"), "\(log)")
        #expect(log.contains("build: took"), "\(log)")
        let reads = reads(farm, since: before)
        #expect(Set(reads).count == 1, "the layer of install, and nothing else: \(reads)")
    }

    /// The blobs that were downloaded from the farm's registry after so many requests.
    private func reads(_ farm: Farm, since count: Int) -> [String] {
        farm.registry.requests.dropFirst(count).filter { $0.hasPrefix("GET") && $0.contains("/blobs/sha256:") }
    }

    @Test("a secret comes from the node's file to the step that names it; one that the node lacks is named")
    func secrets() async throws {
        let farm = try await Farm()
        try farm.scratch.write(
            """
            language: probe
            image: docker.io/library/debian:13-slim
            detect: [{score: 50, when: [{file: probe.txt}]}]
            start: [{arguments: [cat, /app/probe.txt]}]
            steps: [{name: build, command: 'echo "got $TOKEN" && test ${#TOKEN} = 17', secrets: [TOKEN]}]
            """,
            to: "rules/probe.yaml"
        )
        try farm.scratch.write("value-of-the-test\n", to: "secrets/p-app/TOKEN")
        _ = try await farm.repository("app", ["probe.txt": "hello\n"])
        let worker = try await farm.startWorker(
            "--buildpacks-directory",
            farm.scratch("rules"),
            "--steps-secrets-directory",
            farm.scratch("secrets")
        )
        try await farm.add("d-1", repository: "app", #","buildSecrets":["TOKEN"]"#)
        #expect(try await farm.ended("d-1")["state"] == "SUCCESS", "\(worker.log)")
        let log = try await farm.slipway("logs", "d-1").text
        #expect(log.contains("got ***") && !log.contains("value-of-the-test"), "\(log)")

        try await farm.add("d-2", repository: "app", #","buildSecrets":["OTHER"],"attempts":1"#)
        let failed = try await farm.ended("d-2")
        #expect(failed["failure"]?["message"]?.string?.contains("'OTHER'") == true, "\(failed.prettyText)")
        #expect(failed["failure"]?["fault"] == "platform")
        worker.stop()
    }

    /// What of a farm's node-1 is on disk for steps that run.
    private func running(_ farm: Farm) throws -> Set<String> {
        Set(
            try Directories.list(farm.scratch("cache-node-1/steps")).filter {
                $0.hasPrefix("run-") && !$0.hasSuffix(".lock")
            }
        )
    }

    private func isThere(_ command: String) async throws -> Bool {
        try await Command.result(["pgrep", "-f", command]).succeeded
    }

    @Test("a worker that is killed in mid-step, fifty times, leaves nothing that its next start does not remove")
    func killedOften() async throws {
        // Whoever starts next has nothing to do but what is new.
        let farm = try await farm(pause: 86395, "queue:\n  leaseSeconds: 3600\n  projectLimit: 0")
        var left: Set<String> = []
        for round in 1...50 {
            let worker = try await worker(farm, "node-1")
            #expect(try running(farm).isEmpty, "a start removes what was left")
            try await farm.add("d-\(round)", repository: "app")
            try await eventually("the step has said something, and sleeps") {
                let log = try await farm.redis.cli("XRANGE", "slipway:{farm}:log:d-\(round)", "-", "+")
                let hasSpoken = log.contains { $0.contains("begun") && !$0.contains("echo") }
                guard hasSpoken else { return false }
                return try await isThere("sleep 86395")
            }
            let traces = try await StepTraces(of: "sleep 86395", in: farm.scratch)
            left = try running(farm)
            #expect(left.count == 1)
            worker.signal(SIGKILL)
            worker.stop()
            try await traces.waitUntilGone()
            #expect(try running(farm) == left, "nobody was there to remove it")
        }
        let last = try await worker(farm, "node-1")
        #expect(try running(farm).isEmpty, "a start removes what was left")
        last.stop()
    }

    @Test("a build whose worker is killed in a step goes on at the next start")
    func killed() async throws {
        let farm = try await farm(pause: 86397, "queue:\n  leaseSeconds: 6\n  renewSeconds: 2")
        let first = try await worker(farm, "node-1")
        try await farm.add("d-1", repository: "app", #","attempts":10"#)
        try await eventually("the step runs") { try await isThere("sleep 86397") }
        first.signal(SIGKILL)
        first.stop()
        try await eventually("the step is gone") { try await !isThere("sleep 86397") }
        let second = try await worker(farm, "node-1")
        try await eventually("the step runs again") { try await isThere("sleep 86397") }
        _ = try await farm.slipway("cancel", "d-1")
        #expect(try await farm.ended("d-1")["state"] == "CANCELLED", "\(second.log)")
        try await eventually("nothing is left") { try await !isThere("sleep 86397") && running(farm).isEmpty }
        second.stop()
    }

    @Test("a limit of the request's ends a step, and the failure names it")
    func limits() async throws {
        let farm = try await farm(pause: 86391)
        let worker = try await worker(farm, "node-1")
        try await farm.add("d-1", repository: "app", #","stepLimits":{"seconds":1},"attempts":1"#)
        let failed = try await farm.ended("d-1")
        #expect(failed["state"] == "FAILED", "\(worker.log)")
        let message = failed["failure"]?["message"]?.string ?? ""
        #expect(message.contains("Step 'install' ran out of time: limit 1 s."), "\(failed.prettyText)")
        try await eventually("the step is gone") { try await !isThere("sleep 86391") }
        worker.stop()
    }

    @Test("cancelling a build ends its step, and so does the attempt's deadline")
    func ends() async throws {
        let farm = try await farm(pause: 86398)
        let worker = try await worker(farm, "node-1")
        try await farm.add("d-1", repository: "app")
        try await eventually("the step runs") {
            try await isThere("sleep 86398")
        }
        _ = try await farm.slipway("cancel", "d-1")
        #expect(try await farm.ended("d-1")["state"] == "CANCELLED", "\(worker.log)")
        try await eventually("the step is gone") {
            try await !isThere("sleep 86398")
        }

        try await farm.add("d-2", repository: "app", #","timeoutSeconds":5,"attempts":1"#)
        let late = try await farm.ended("d-2")
        #expect(late["state"] == "FAILED")
        #expect(late["failure"]?["message"]?.string?.contains("longer than 5 s") == true, "\(late.prettyText)")
        try await eventually("the step is gone") {
            try await !isThere("sleep 86398")
        }
        worker.stop()
    }
}
