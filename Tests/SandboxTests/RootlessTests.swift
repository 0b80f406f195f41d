import BuildModel
import Glibc
import Platform
import Sandbox
import TestSupport
import Testing

@Suite("A worker that is not root")
struct RootlessTests {
    private static let user: UInt32 = 54321
    private static let subordinate: UInt32 = 0x6700_0000

    /// Runs a program as a user that exists, with its subordinate ids, only in a mount namespace of its own.
    private func asUser(_ words: [String], _ scratch: Scratch) async throws -> CommandResult {
        try scratch.write("root:x:0:0::/:/bin/sh\ntester:x:\(Self.user):\(Self.user)::/:/bin/sh\n", to: "passwd")
        try scratch.write("tester:\(Self.subordinate):65536\n", to: "subid")
        let script = """
            set -e
            mount --bind "$1/passwd" /etc/passwd; mount --bind "$1/subid" /etc/subuid; mount --bind "$1/subid" /etc/subgid
            shift; exec setpriv --reuid \(Self.user) --regid \(Self.user) --clear-groups "$@"
            """
        return try await Command.result(["unshare", "--mount", "sh", "-c", script, "setup", scratch.path] + words)
    }

    /// Runs a command in a step as that user.
    private func run(
        _ script: String,
        _ sandbox: TestSandbox,
        options: [String: JSONValue] = [:]
    ) async throws -> CommandResult {
        let scratch = sandbox.scratch
        // The checkout may be where that user cannot look.
        for name in ["step", "sandbox"] {
            let path = "\(SlipwayProgram.path)-\(name)"
            try await Command.output(["install", "-m", "755", path, scratch("slipway-\(name)")])
        }
        for directory in ["home", "run"] {
            try Directories.create(scratch(directory))
            chown(scratch(directory), Self.user, Self.user)
        }
        try await Command.output(["chown", "-hR", "\(Self.subordinate):\(Self.subordinate)", sandbox.root])
        var step = StepProcess(sandbox: sandbox, command: ["sh", "-c", script])
        step.options = [
            "scratch": .string(scratch("home")), "helper": .string(scratch("slipway-sandbox")), "idStart": nil,
        ].merging(options) { $1 }
        return try await asUser([scratch("slipway-step")] + step.words.dropFirst(), scratch)
    }

    @Test("runs a step as root of its subordinate ids, alone, and can remove what it wrote")
    func run() async throws {
        let sandbox = try TestSandbox()
        let scratch = sandbox.scratch
        let script =
            "id -u; rm /etc/removed; mkdir /made; rmdir /made; rmdir /root; cat /proc/self/uid_map; ls /tmp; ls \(scratch.path); ps | wc -l"
        let result = try await run(script, sandbox)
        let lines = result.lines.filter { $0.hasPrefix("step: ") }
        #expect(lines.contains("step: 0"), "\(result.text)\(result.errorText)")
        #expect(lines.contains { $0.hasPrefix("step:          0          1      65536") })
        #expect(lines.contains { $0.contains("\(scratch.path): No such file or directory") })
        #expect(result.lines.last?.hasPrefix("result {\"microseconds\"") == true, "\(result.text)")
    }

    @Test("what it writes is bounded, also where nobody else may look")
    func disk() async throws {
        let script =
            "mkdir -m 700 /tmp/own; for i in 1 2 3 4 5; do dd if=/dev/zero of=/tmp/own/$i bs=1M count=12; done; sleep 600"
        let result = try await run(script, try TestSandbox(), options: ["diskBytes": .integer(32 << 20)])
        #expect(result.lines.last?.contains("ran out of disk: limit 32 MiB") == true, "\(result.text)")
    }
}
