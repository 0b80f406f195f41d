import BuildModel
import Platform
import Sandbox
import TestSupport
import Testing

@Suite("A worker that is not root")
struct RootlessTests {
    private static func options(_ runtime: String) async throws -> [String: JSONValue] {
        ["runtime": .string(try await TestSandbox.path(ofRuntime: runtime))]
    }

    /// Runs a command in a step as a user with subordinate ids.
    private func run(
        _ script: String,
        _ sandbox: TestSandbox,
        options: [String: JSONValue] = [:],
        groups: DelegatedGroups? = nil
    ) async throws -> CommandResult {
        var user = try OrdinaryUser(in: sandbox.scratch)
        user.group = groups?.entrance
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
        arguments: TestSandbox.runtimes
    )
    func run(_ runtime: String) async throws {
        let sandbox = try TestSandbox()
        let scratch = sandbox.scratch
        let script =
            "id -u; rm /etc/removed; mkdir /made; rmdir /made; rmdir /root; cat /proc/self/uid_map; ls /tmp; ls \(scratch.path); ps | wc -l"
        let result = try await run(script, sandbox, options: try await Self.options(runtime))
        let lines = result.lines.filter { $0.hasPrefix("step: ") }
        #expect(lines.contains("step: 0"), "\(result.text)\(result.errorText)")
        #expect(lines.contains { $0.hasPrefix("step:          0          1      65536") })
        #expect(lines.contains { $0.contains("\(scratch.path): No such file or directory") })
        #expect(result.lines.last?.hasPrefix("result {\"microseconds\"") == true, "\(result.text)")
        #expect(try Directories.list(scratch("user/home")) == [], "what the step wrote is still there")
    }

    @Test("what no step may do is refused here too", arguments: TestSandbox.runtimes)
    func escapes(_ runtime: String) async throws {
        let sandbox = try TestSandbox()
        let paths = try await sandbox.installProbes()
        let options = try await Self.options(runtime)
        let result = try await run("probes \(paths.joined(separator: " "))", sandbox, options: options)
        let lines = result.lines.filter { $0.hasPrefix("step: ") && !$0.contains("are not limited.") }
        #expect(lines.filter { $0.hasPrefix("step: refused") }.count >= TestSandbox.probes + paths.count)
        #expect(lines.filter { !$0.hasPrefix("step: refused") } == [], "\(result.errorText)")
    }

    @Test(
        "memory and processes are limited, and the limits named, where groups are delegated",
        arguments: TestSandbox.runtimes
    )
    func limits(_ runtime: String) async throws {
        let table: [(script: String, option: String, value: JSONValue, words: String)] = [
            (
                "dd if=/dev/zero of=/dev/null bs=200M count=1", "memoryBytes", .integer(64 << 20),
                "of memory: limit 64 MiB, peak 6"
            ),
            ("n=0; while [ $n -lt 200 ]; do sleep 30 & n=$((n+1)); done", "processes", 16, "of processes: limit 16"),
        ]
        for row in table {
            let sandbox = try TestSandbox()
            let groups = try DelegatedGroups(for: sandbox)
            let options = try await Self.options(runtime).merging([row.option: row.value]) { $1 }
            let result = try await run(row.script, sandbox, options: options, groups: groups)
            #expect(result.lines.last?.contains("ran out \(row.words)") == true, "\(result.text)\(result.errorText)")
            #expect(!result.text.contains("are not limited"))
            #expect(try await Leftovers.of(sandbox).groups.filter { !$0.hasSuffix("/supervisor") } == [])
        }
    }

    @Test("where none are, the step runs, and its log says what to do")
    func unlimited() async throws {
        let result = try await run("echo it ran", try TestSandbox())
        #expect(result.lines.contains("step: it ran"), "\(result.text)\(result.errorText)")
        let warning = result.lines.first { $0.contains("its memory, processes and processors are not limited.") } ?? ""
        #expect(warning.contains("are not delegated to this"), "\(result.text)")
        #expect(warning.contains("Let root make") || warning.contains("Delegate=yes"), "\(result.text)")
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

    @Test("a file without a name that many processes have open counts once")
    func shared() async throws {
        let script =
            "exec 9>/f; rm /f; dd if=/dev/zero bs=1M count=12 >&9; for i in 1 2 3 4 5 6 7 8; do sleep 3 & done; wait; echo ran"
        let result = try await run(script, try TestSandbox(), options: ["diskBytes": .integer(32 << 20)])
        #expect(result.lines.contains("step: ran"), "\(result.text)")
    }

    @Test("all its steps have the same ids, so that more than one can run at once")
    func beside() async throws {
        let sandbox = try TestSandbox()
        let result = try await run("cat /proc/self/uid_map", sandbox, options: ["repetitions": 4, "beside": true])
        #expect(result.lines.filter { $0.hasPrefix("result {\"microseconds\"") }.count == 4, "\(result.text)")
        let maps = result.lines.filter { $0.hasPrefix("step: ") && $0.hasSuffix(" 65536") }
        #expect(maps.count == 4 && Set(maps).count == 1, "\(result.text)")
    }

    @Test(
        "what it writes is bounded, also where nobody else may look, and in files without a name",
        arguments: [
            "mkdir -m 700 /tmp/own; for i in 1 2 3 4 5; do dd if=/dev/zero of=/tmp/own/$i bs=1M count=12; done; sleep 600",
            "for i in 3 4 5 6; do eval \"exec $i>/f$i\"; rm /f$i; dd if=/dev/zero bs=1M count=12 >&$i; done; sleep 600",
            "for i in 3 4 5 6; do eval \"exec $i>/tmp/f$i\"; rm /tmp/f$i; dd if=/dev/zero bs=1M count=12 >&$i; done; sleep 600",
        ]
    )
    func disk(_ script: String) async throws {
        let result = try await run(script, try TestSandbox(), options: ["diskBytes": .integer(32 << 20)])
        #expect(result.lines.last?.contains("ran out of disk: limit 32 MiB") == true, "\(result.text)")
    }
}
