import BuildModel
import Documents
import Platform
import Settings
import TestSupport
import Testing

@Suite("The command line")
struct CommandLineTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var words: [String]
        var status: Int32
        var error: String
        var testDescription: String { words.joined(separator: " ") }
    }

    @Test(
        "ends with the documented code and says why on standard error, and nothing on standard output",
        arguments: [
            Case(words: ["nonsense"], status: 64, error: "nonsense"),
            Case(words: ["build", ".", "--output", "tar:x"], status: 64, error: "--output"),
            Case(
                words: ["build", "/no/such/place", "--output", "oci:/tmp/never"],
                status: 66,
                error: "/no/such/place"
            ),
            Case(words: ["plan", "http://127.0.0.1:1/x"], status: 69, error: "127.0.0.1:1"),
            Case(words: ["status", "--redis-url", "redis://127.0.0.1:1"], status: 69, error: "127.0.0.1:1"),
            Case(words: ["status", "--redis-url", "nonsense"], status: 78, error: "redis.url"),
            Case(words: ["worker", "--config", "/no/such/file"], status: 78, error: "/no/such/file"),
            Case(words: ["logs", "x", "--from", "0"], status: 64, error: "--from"),
            Case(words: ["enqueue", "--repository", "x"], status: 65, error: "projectId"),
            Case(words: ["plan", "file:///etc"], status: 65, error: "file"),
        ]
    )
    func exitCodes(expected: Case) async throws {
        let result = try await SlipwayProgram.result(
            expected.words,
            environment: ["SLIPWAY_BUILDPACKS_DIRECTORY": "\(Checkout.root)/buildpacks"]
        )
        #expect(result.status == expected.status, "\(result.errorText)")
        #expect(result.errorText.contains(expected.error), "\(result.errorText)")
        #expect(result.text.isEmpty)
    }

    @Test(
        "every verb has help with examples",
        arguments: ["build", "plan", "worker", "enqueue", "logs", "status", "version"]
    )
    func help(verb: String) async throws {
        let text = try await SlipwayProgram.output([verb, "--help"]).text
        #expect(text.contains("EXAMPLES:") && text.contains("slipway \(verb)"))
    }

    @Test("every key of the configuration is a flag of the worker and an environment variable")
    func keys() async throws {
        let help = try await SlipwayProgram.output(["worker", "--help"]).text
        #expect(SettingKey.all.count > 30)
        for key in SettingKey.all { #expect(help.contains("\(key.flag) "), "no flag \(key.flag)") }
        let result = try await SlipwayProgram.result(
            ["worker", "--check-config", "--worker-slots", "none"],
            environment: ["SLIPWAY_QUEUE_LEASE_SECONDS": "soon"]
        )
        #expect(result.status == 78)
        #expect(result.errorText.contains("--worker-slots") && result.errorText.contains("SLIPWAY_QUEUE_LEASE_SECONDS"))
    }

    @Test("--check-config names every unknown key and every bad value with its line")
    func checkConfig() async throws {
        let scratch = try Scratch()
        let file = try scratch.write(
            "farm: f\nredis:\n  ulr: redis://x\nworker:\n  slots: many\nqueue:\n  leaseSeconds: 1\n",
            to: "worker.yaml"
        )
        let result = try await SlipwayProgram.result(["worker", "--config", file, "--check-config"])
        #expect(result.status == 78)
        for words in [":3:", "redis.ulr", "redis.url", ":5:", "worker.slots", ":7:", "queue.leaseSeconds"] {
            #expect(result.errorText.contains(words), "\(words) is not in: \(result.errorText)")
        }
        let shipped = try await SlipwayProgram.result([
            "worker", "--config", "\(Checkout.root)/config/worker.yaml", "--check-config",
        ])
        #expect(shipped.status == 0, "\(shipped.errorText)")
    }

    @Test("enqueue prints the id, is idempotent by it, and its build can be read in every form")
    func reading() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("app", ["index.html": "x"])
        let url = farm.git.url("app")
        let words = ["enqueue", "--id", "e-1", "--project", "p", "--repository", url, "--config", farm.configuration]
        let worker = try await farm.startWorker()
        #expect(try await SlipwayProgram.output(words).text == "e-1\n")
        let again = try await SlipwayProgram.output(words)
        #expect(again.text == "e-1\n" && again.errorText.contains("there already"))
        #expect(try await farm.ended("e-1")["state"] == "SUCCESS", "\(worker.log)")

        let lines = try await farm.slipway("logs", "e-1", "-f", "-o", "ndjson").lines.map { try JSONDocument.parse($0) }
        #expect(lines.compactMap { $0["sequence"]?.integer } == Array(1...Int64(lines.count)))
        let rest = try await farm.slipway("logs", "e-1", "--from", "3", "-o", "json").text
        #expect(try JSONDocument.parse(rest).array?.count == lines.count - 2)
        #expect(try await farm.slipway("status", "e-1").text.contains("SUCCESS"))
        #expect(try JSONDocument.parse(try await farm.slipway("status", "-o", "json").text).array?.count == 1)
        #expect(try await farm.slipway("status", "-o", "ndjson").lines.count == 1)
        let table = try await farm.slipway("status").text
        #expect(table.contains("e-1") && !table.contains("\u{1B}"))
        #expect(try await farm.slipway("status", "nope").status == 66)
        #expect(try await farm.slipway("logs", "nope").status == 66)
    }

    @Test("version is the same everywhere")
    func version() async throws {
        let text = try await SlipwayProgram.output(["version"]).text
        let json = try JSONDocument.parse(try await SlipwayProgram.output(["version", "-o", "json"]).text)
        #expect(text == "slipway \(json["version"]?.string ?? "")\n")
    }
}
