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

    @Test("runs a step as root of its subordinate ids, alone, and can remove what it wrote")
    func run() async throws {
        let sandbox = try TestSandbox()
        let scratch = sandbox.scratch
        // The checkout may be where that user cannot look.
        for name in ["slipway-step", "slipway-sandbox"] {
            let path = name == "slipway-step" ? SlipwayProgram.path + "-step" : SlipwayProgram.path + "-sandbox"
            try await Command.output(["install", "-m", "755", path, scratch(name)])
        }
        for directory in ["home", "run"] {
            try Directories.create(scratch(directory))
            chown(scratch(directory), Self.user, Self.user)
        }
        try await Command.output(["chown", "-hR", "\(Self.subordinate):\(Self.subordinate)", sandbox.root])
        let script =
            "id -u; rm /etc/removed; mkdir /made; rmdir /made; rmdir /root; cat /proc/self/uid_map; ls /tmp; ls \(scratch.path); ps | wc -l"
        var step = StepProcess(sandbox: sandbox, command: ["sh", "-c", script])
        step.options = [
            "scratch": .string(scratch("home")), "helper": .string(scratch("slipway-sandbox")), "idStart": nil,
        ]
        let result = try await asUser([scratch("slipway-step")] + step.words.dropFirst(), scratch)
        let lines = result.lines.filter { $0.hasPrefix("step: ") }
        #expect(lines.contains("step: 0"), "\(result.text)\(result.errorText)")
        #expect(lines.contains { $0.hasPrefix("step:          0          1      65536") })
        #expect(lines.contains { $0.contains("\(scratch.path): No such file or directory") })
        #expect(result.lines.last?.hasPrefix("result {\"microseconds\"") == true, "\(result.text)")
    }
}
