import BuildModel
import Platform
import Sandbox
import TestSupport
import Testing

@Suite("A worker that is not root")
struct RootlessTests {
    private static func path(_ program: String) async throws -> String {
        try await Command.output(["sh", "-c", "command -v \(program)"]).lines.first ?? ""
    }

    /// Runs a command in a step as a user with subordinate ids.
    private func run(
        _ script: String,
        _ sandbox: TestSandbox,
        options: [String: JSONValue] = [:]
    ) async throws -> CommandResult {
        let user = try OrdinaryUser(in: sandbox.scratch)
        try user.own("run")
        let programs = SlipwayProgram.path.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
        let view = try user.view(programs, as: "programs")
        let ids = OrdinaryUser.subordinate
        try await Command.output(["chown", "-hR", "\(ids):\(ids)", sandbox.root])
        var step = StepProcess(sandbox: sandbox, command: ["sh", "-c", script])
        step.options = [
            "scratch": .string(user.home), "helper": .string("\(view.to)/slipway-sandbox"), "idStart": nil,
        ].merging(options) { $1 }
        return try await user.result(["\(view.to)/slipway-step"] + step.words.dropFirst(), views: [view])
    }

    @Test(
        "runs a step as root of its subordinate ids, alone, and can remove what it wrote",
        arguments: ["crun", "runc"]
    )
    func run(_ runtime: String) async throws {
        let sandbox = try TestSandbox()
        let scratch = sandbox.scratch
        let script =
            "id -u; rm /etc/removed; mkdir /made; rmdir /made; rmdir /root; cat /proc/self/uid_map; ls /tmp; ls \(scratch.path); ps | wc -l"
        let result = try await run(script, sandbox, options: ["runtime": .string(try await Self.path(runtime))])
        let lines = result.lines.filter { $0.hasPrefix("step: ") }
        #expect(lines.contains("step: 0"), "\(result.text)\(result.errorText)")
        #expect(lines.contains { $0.hasPrefix("step:          0          1      65536") })
        #expect(lines.contains { $0.contains("\(scratch.path): No such file or directory") })
        #expect(result.lines.last?.hasPrefix("result {\"microseconds\"") == true, "\(result.text)")
        #expect(try Directories.list(scratch("user/home")) == [], "what the step wrote is still there")
    }

    @Test(
        "one file that is too long is named as the disk's limit, whatever its program makes of it",
        arguments: [
            "/bin/dd if=/dev/zero of=/tmp/one bs=1M count=64; exit 3", "dd if=/dev/zero of=/tmp/one bs=1M count=64",
        ]
    )
    func oneFile(_ script: String) async throws {
        let result = try await run(script, try TestSandbox(), options: ["diskBytes": .integer(32 << 20)])
        #expect(result.lines.last?.contains("ran out of disk: limit 32 MiB") == true, "\(result.text)")
    }

    @Test("all its steps have the same ids, so that more than one can run at once")
    func beside() async throws {
        let sandbox = try TestSandbox()
        let result = try await run("cat /proc/self/uid_map", sandbox, options: ["repetitions": 4, "beside": true])
        #expect(result.lines.filter { $0.hasPrefix("result {\"microseconds\"") }.count == 4, "\(result.text)")
        let maps = result.lines.filter { $0.hasPrefix("step: ") && $0.hasSuffix(" 65536") }
        #expect(maps.count == 4 && Set(maps).count == 1, "\(result.text)")
    }

    @Test("what it writes is bounded, also where nobody else may look")
    func disk() async throws {
        let script =
            "mkdir -m 700 /tmp/own; for i in 1 2 3 4 5; do dd if=/dev/zero of=/tmp/own/$i bs=1M count=12; done; sleep 600"
        let result = try await run(script, try TestSandbox(), options: ["diskBytes": .integer(32 << 20)])
        #expect(result.lines.last?.contains("ran out of disk: limit 32 MiB") == true, "\(result.text)")
    }
}
