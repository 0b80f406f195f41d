import BuildModel
import Glibc
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
        let step = try await UserStep(script, in: sandbox, options: options, groups: groups)
        return try await step.user.result(step.words, views: step.views)
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

    /// What a step that reads whatever it can must find nowhere, and what finds it.
    private static let search = """
        marker=$(cat /cache/own/marker); echo begun
        while [ ! -e /cache/own/go ]; do sleep 0.1; done
        ls -d /proc/[0-9]* | wc -l
        cat /proc/[0-9]*/environ /run/secrets/* 2>/dev/null | tr '\\0' '\\n' | grep "$marker"
        find / -name 'of-the-other*' 2>/dev/null
        find / -type f ! -path '/proc/*' ! -path '/dev/*' ! -path /cache/own/marker 2>/dev/null | xargs grep -ls "$marker"
        kill -9 -1 2>/dev/null; echo searched
        """

    @Test("a step finds no file, cache, secret or process of one beside it, though both have the same ids")
    func apart() async throws {
        let sandbox = try TestSandbox()
        let marker = "of-the-other-\(UInt32.random(in: 0 ... .max))"
        try sandbox.scratch.write("\(marker)\n", to: "cache-other/of-the-other-cache")
        try sandbox.scratch.write("\(marker)\n", to: "cache-own/marker")
        for name in ["cache-other", "cache-own"] {
            let ids = OrdinaryUser.subordinate
            try await Command.output(["chown", "-R", "\(ids):\(ids)", sandbox.scratch(name)])
        }
        let script =
            "echo $TOKEN >/of-the-other; cp /of-the-other /tmp/of-the-other-tmp; cat /cache/other/*; echo begun; while [ ! -e /cache/other/end ]; do sleep 0.1; done; cat /of-the-other"
        let other = try await UserStep(
            script,
            in: sandbox,
            options: [
                "secrets": ["TOKEN": .string(marker)], "caches": ["other": .string(sandbox.scratch("cache-other"))],
            ]
        ).start(log: sandbox.scratch("other.log"))
        let own = try await UserStep(
            Self.search,
            in: sandbox,
            options: ["caches": ["own": .string(sandbox.scratch("cache-own"))]]
        ).start(log: sandbox.scratch("own.log"))
        for process in [other, own] {
            try await eventually("it runs: \(process.log)") { process.log.contains("step: begun") }
        }
        try sandbox.scratch.write("", to: "cache-own/go")
        try await eventually("it has looked: \(own.log)") { own.log.contains("result {") }
        try sandbox.scratch.write("", to: "cache-other/end")
        try await eventually("the other has gone on: \(other.log)") { other.log.contains("result {\"microseconds") }
        #expect(other.log.split(separator: "\n").filter { $0 == "step: ***" }.count == 2, "\(other.log)")
        let found = own.log.split(separator: "\n").filter { $0.hasPrefix("step: ") && !$0.contains("are not limited") }
        #expect(found.first == "step: begun" && found.last == "step: searched", "\(own.log)")
        #expect(found.dropFirst().dropLast().count == 1, "the number of its own processes alone: \(own.log)")
    }

    @Test(
        "when its process is killed, at any moment, nothing is left but its directory",
        arguments: TestSandbox.runtimes
    )
    func killed(_ runtime: String) async throws {
        let sandbox = try TestSandbox()
        var options = try await Self.options(runtime)
        options["repetitions"] = 2
        options["beside"] = true
        for round in 0..<6 {
            let step = try await UserStep("setsid sleep 600 & echo started; sleep 600", in: sandbox, options: options)
            let process = try await step.start(log: sandbox.scratch("kill-\(round).log"))
            if round % 3 == 0 {
                try await eventually("one is being made") {
                    let holder = "slipway-sandbox .*--identifier s\(process.processID)-"
                    return try await Command.result(["pgrep", "-f", holder]).succeeded
                }
                try await Task.sleep(for: .milliseconds(5 * round))
            } else {
                try await eventually("both run: \(process.log)") {
                    process.log.split(separator: "\n").filter { $0 == "step: started" }.count == 2
                }
            }
            let namespaces = try Namespaces(ofProcessesWith: sandbox.scratch.path)
            #expect(try namespaces.kinds.contains("user") && !namespaces.holders().isEmpty)
            process.signal(SIGKILL)
            process.stop()
            try await namespaces.waitUntilGone()
        }
        #expect(try await Leftovers.lasting(of: sandbox) == .none)
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

    @Test("a file of many names counts once, as on a disk")
    func links() async throws {
        let script =
            "dd if=/dev/zero of=/tmp/f bs=1M count=12; for i in 1 2 3 4 5 6 7 8; do ln /tmp/f /tmp/f$i; done; sleep 3; echo ran"
        let result = try await run(script, try TestSandbox(), options: ["diskBytes": .integer(32 << 20)])
        #expect(result.lines.contains("step: ran"), "\(result.text)")
    }

    /// Puts a directory below a path of more than 64 KiB, which no call takes at once, and writes into files of it then.
    private static let deep = """
        mkdir top; for i in 3 4 5 6; do eval "exec $i>top/f$i"; done
        part=$(printf 'd%.0s' $(seq 240))
        for i in $(seq 20); do
            path=n$i; for j in $(seq 14); do path=$path/$part; done
            mkdir -p $path && mv top $path/ && mv n$i top || exit 9
        done
        for i in 3 4 5 6; do dd if=/dev/zero bs=1M count=12 >&$i; done; sleep 600
        """

    @Test(
        "what it writes is bounded, however deep it lies; what lies too deep to be measured ends the step, in words",
        arguments: [
            (deep, "ran out of disk: limit 32 MiB"),
            (
                "n=0; while [ $n -lt 1100 ]; do mkdir d; cd d; n=$((n+1)); done; sleep 600",
                "cannot be measured, and so not be limited: directories are more than 1024 levels deep"
            ),
        ]
    )
    func deepDisk(_ script: String, _ words: String) async throws {
        let result = try await run(script, try TestSandbox(), options: ["diskBytes": .integer(32 << 20)])
        #expect(result.lines.last?.contains(words) == true, "\(result.text)")
        #expect(result.lines.last?.contains("disk_full") == true)
    }
}
