import BuildModel
import Documents
import Glibc
import Platform
import TestSupport
import Testing

@Suite("What is remembered of steps")
struct StepMemoTests {
    private func fixture() async throws -> StepFixture {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: install
              command: mkdir /out && cp list.txt /out
              inputs: [list.txt]
              outputs: [/out]
            - name: build
              command: cat /out/list.txt >made.txt
              outputs: [/app]
            """
        )
        try fixture.app(["probe.txt": "", "list.txt": "a\n"])
        return fixture
    }

    @Test("a step is run again when what it depends on changes, and only then")
    func changes() async throws {
        let fixture = try await fixture()
        #expect(try await fixture.build("1").run == ["install", "build"])
        let again = try await fixture.build("2")
        #expect(again.remembered == ["install", "build"], "\(again.log)")

        try fixture.app(["other.txt": "x"])
        let source = try await fixture.build("3")
        #expect(source.remembered == ["install"] && source.run == ["build"])
        #expect(source.log.contains("build: not remembered: changed since the last time: inputs"), "\(source.log)")

        try fixture.app(["list.txt": "b\n"])
        #expect(try await fixture.build("4").run == ["install", "build"])
        let project = try await fixture.build("5", "--project", "other")
        #expect(project.run == ["install", "build"], "another project got what this one made")
        let forced = try await fixture.build("6", "--no-cache")
        #expect(forced.run == ["install", "build"])
        #expect(forced.digest == project.digest, "the same commands made something else")
    }

    @Test("a build explains layers of steps: why they were made and what that cost, or who remembers them")
    func explanation() async throws {
        let fixture = try await fixture()
        let first = try await layers(fixture.build("1", "--explain"))
        #expect(first.map { $0["memo"] } == ["miss", "miss"])
        for layer in first {
            #expect(layer["reason"]?.string?.hasPrefix("the step was run: it was never run before, ") == true)
            #expect(layer["readBytes"] == 2 && layer["uploadedBytes"] == layer["size"], "\(layer)")
            #expect(layer["packedBytes"]?.integer ?? 0 >= 1024, "headers and ends too")
        }

        try fixture.app(["other.txt": "x"])
        let second = try await layers(fixture.build("2", "--explain"))
        #expect(second.map { $0["memo"] } == ["hit", "miss"])
        #expect(second.map { $0["memory"] } == ["node", .null])
        #expect(second.map { $0["differs"] } == [[], ["inputs"]])
        #expect(second.map { $0["readBytes"] } == [0, 2])
        #expect(second.map { $0["way"] } == ["there already", "there already"], "it made the same again")

        var words = fixture.words("3", ["--explain", "--no-cache"])
        words[3] = "docker://\(fixture.registry.host)/apps/other:3"
        let result = try await SlipwayProgram.output(words, environment: fixture.environment)
        let third = try layers(StepBuild(result: result, json: JSONDocument.parse(result.text)))
        #expect(third.map { $0["way"] } == ["mounted", "mounted"])
        let unwanted = "the step was run: what is remembered was not to be used, "
        #expect(third.allSatisfy { $0["reason"]?.string?.hasPrefix(unwanted) == true }, "\(third)")
    }

    /// What a build says of the layers of steps, lowest first.
    private func layers(_ build: StepBuild) throws -> [JSONValue] {
        let layers = try #require(build.json?["layers"]?.array, "\(build.log)")
        return layers.filter { $0["comment"]?.string?.hasPrefix("step ") == true }
    }

    @Test("cache ls, why and rm tell and forget it")
    func commands() async throws {
        let fixture = try await fixture()
        #expect(try await fixture.build("1").result.succeeded)
        let list = try await SlipwayProgram.output(["cache", "ls", "-o", "json"], environment: fixture.environment)
        let steps = try JSONDocument.parse(list.text).array ?? []
        #expect(Set(steps.compactMap { $0["step"]?.string }) == ["install", "build"])
        #expect(steps.allSatisfy { $0["places"] == [.string("\(fixture.registry.host)/apps/app")] })

        let words = ["cache", "why", fixture.scratch("app"), "-o", "json"]
        let known = try await SlipwayProgram.output(words, environment: fixture.environment)
        #expect(try JSONDocument.parse(known.text).array?.map { $0["remembered"] } == [true, true])
        try fixture.app(["list.txt": "changed\n"])
        let changed = try await SlipwayProgram.output(words, environment: fixture.environment)
        let reasons = try JSONDocument.parse(changed.text).array ?? []
        #expect(reasons.count == 1 && reasons[0]["reason"]?.string == "changed since the last time: inputs")

        let removed = try await SlipwayProgram.output(["cache", "rm", "--all"], environment: fixture.environment)
        #expect(removed.text.contains("2 forgotten"))
        try fixture.app(["list.txt": "a\n"])
        #expect(try await fixture.build("2").run == ["install", "build"])
    }

    @Test("a result whose bytes are gone from this node and its registry is made again")
    func lost() async throws {
        let fixture = try await fixture()
        #expect(try await fixture.build("1").result.succeeded)
        try Directories.remove(fixture.scratch("cache/steps/layers"))
        #expect(try await fixture.build("2").remembered == ["install", "build"], "the registry has them")
        try await Command.output(["sh", "-c", "rm -rf \(fixture.scratch("cache/steps/layers"))"])
        let other = try await RegistryServer()
        fixture.registry.stop()
        var words = fixture.words("3", [])
        words[3] = "docker://\(other.host)/apps/app:3"
        let result = try await SlipwayProgram.result(words, environment: fixture.environment)
        #expect(result.succeeded, "\(result.errorText)")
        #expect(StepBuild(result: result, json: nil).run == ["install", "build"])
    }

    @Test("what no image has is made again only when a step that has to run needs it, whatever it then is")
    func unshipped() async throws {
        var fixture = try await fixture()
        try fixture.useRule(
            """
            - name: install
              command: mkdir /out && cp list.txt /out
              inputs: [list.txt]
              outputs: [/out]
            - name: tools
              kind: install
              command: mkdir /tools && date +%s%N >/tools/time
              inputs: [list.txt]
              outputs: [{path: /tools, shipped: false}]
            - name: build
              command: cat /out/list.txt /tools/time >made.txt
              outputs: [/app]
            """
        )
        let first = try await fixture.build("1")
        #expect(first.run == ["install", "tools", "build"], "\(first.log)")
        try Directories.remove(fixture.scratch("cache/steps/layers"))
        let second = try await fixture.build("2")
        #expect(second.run == [] && second.remembered == ["install", "tools", "build"], "\(second.log)")
        #expect(second.digest == first.digest)

        try fixture.app(["other.txt": "x"])
        let third = try await fixture.build("3")
        #expect(third.run == ["tools", "build"], "\(third.log)")
        #expect(third.log.contains("tools: run again: a later step needs its files"), "\(third.log)")
        let (old, new) = (try await fixture.unpack("1"), try await fixture.unpack("3"))
        let made = try Files.read("\(new)/app/made.txt")
        #expect(made != (try Files.read("\(old)/app/made.txt")) && made.starts(with: Array("a\n".utf8)))
    }

    @Test("results are shared as far as the operator says, and caches never are")
    func scope() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: build
              command: mkdir -p /out && ls /var/kept >/out/seen && touch /var/kept/mark
              outputs: [/out]
              caches: [{name: kept, path: /var/kept, locked: true}]
            """
        )
        fixture.variables["SLIPWAY_STEPS_MEMO_SCOPE"] = "farm"
        try fixture.app(["probe.txt": ""])
        #expect(try await fixture.build("1", "--project", "a").run == ["build"])
        let shared = try await fixture.build("2", "--project", "b")
        #expect(shared.remembered == ["build"] && shared.run == [], "\(shared.log)")
        #expect(try await fixture.build("3", "--project", "b", "--no-cache").run == ["build"])
        let seen = try Files.read("\(try await fixture.unpack("3"))/out/seen")
        #expect(seen == [], "one project's step has read what another's wrote")
    }

    @Test("what one runtime made is not another's, but that of every other of its name")
    func runtimes() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule("- {name: build, command: 'mkdir -p /out && touch /out/x', outputs: [/out]}")
        try fixture.app(["probe.txt": ""])
        fixture.variables["SLIPWAY_SANDBOX_RUNTIME"] = "/usr/bin/crun"
        #expect(try await fixture.build("1").run == ["build"])
        fixture.variables["SLIPWAY_SANDBOX_RUNTIME"] = try await Command.output(["sh", "-c", "command -v runc"]).lines[
            0
        ]
        let other = try await fixture.build("2")
        #expect(other.run == ["build"], "\(other.log)")
        #expect(other.log.contains("not remembered: changed since the last time: runtime"), "\(other.log)")
        fixture.variables["SLIPWAY_SANDBOX_RUNTIME"] = nil
        #expect(try await fixture.build("3").remembered == ["build"], "crun is what is taken where nothing is said")
        // As on a node with another release of it.
        try fixture.scratch.write("#!/bin/sh\nexec /usr/bin/crun \"$@\"\n", to: "newer/crun", mode: 0o755)
        fixture.variables["SLIPWAY_SANDBOX_RUNTIME"] = fixture.scratch("newer/crun")
        let newer = try await fixture.build("4")
        #expect(newer.remembered == ["build"], "\(newer.log)")
    }

    @Test("what a step with secrets made is for its own project, whatever the operator says")
    func secretScope() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: build
              command: mkdir -p /out && cp /run/secrets/TOKEN /out/fetched
              outputs: [/out]
              secrets: [TOKEN]
            """
        )
        fixture.variables["SLIPWAY_STEPS_MEMO_SCOPE"] = "farm"
        try fixture.app(["probe.txt": ""])
        fixture.variables["TOKEN"] = "of-the-first"
        #expect(try await fixture.build("1", "--project", "a", "--secret", "TOKEN").run == ["build"])
        #expect(try await fixture.build("2", "--project", "a", "--secret", "TOKEN").remembered == ["build"])
        fixture.variables["TOKEN"] = "of-the-second"
        let other = try await fixture.build("3", "--project", "b", "--secret", "TOKEN")
        #expect(other.run == ["build"], "\(other.log)")
        let fetched = try Files.read("\(try await fixture.unpack("3"))/out/fetched")
        #expect(String(decoding: fetched, as: UTF8.self) == "of-the-second")
    }

    @Test("a build that is interrupted in a step ends at once and leaves nothing")
    func interrupted() async throws {
        var fixture = try await fixture()
        try fixture.useRule("- {name: build, command: 'sleep 86399'}")
        let process = try await ServerProcess(
            [SlipwayProgram.path] + fixture.words("1", []),
            log: fixture.scratch("log"),
            environment: fixture.environment
        )
        try await eventually("the step runs") {
            try await Command.result(["pgrep", "-f", "sleep 86399"]).succeeded
        }
        // Stopping a server makes it end after five seconds, which are too few for a build on a busy machine to tidy up.
        process.signal(SIGTERM)
        try await eventually("the build has ended") { !process.isRunning }
        process.stop()
        try await eventually("the step is gone") {
            try await !Command.result(["pgrep", "-f", "sleep 86399"]).succeeded
        }
        let left = try Directories.list(fixture.scratch("cache/steps")).filter { $0.hasPrefix("run-") }
        #expect(left == [])
    }

    @Test("a build that is killed in a step leaves no process, and its files are gone after the next start")
    func killed() async throws {
        var fixture = try await fixture()
        try fixture.useRule("- {name: build, command: 'test -e done.txt || sleep 86396'}")
        for round in 0..<3 {
            let process = try await ServerProcess(
                [SlipwayProgram.path] + fixture.words("1", []),
                log: fixture.scratch("log-\(round)"),
                environment: fixture.environment
            )
            try await eventually("the step runs") {
                try await Command.result(["pgrep", "-f", "sleep 86396"]).succeeded
            }
            process.signal(SIGKILL)
            process.stop()
            try await eventually("the step is gone") {
                try await !Command.result(["pgrep", "-f", "sleep 86396"]).succeeded
            }
        }
        try fixture.app(["done.txt": ""])
        let build = try await fixture.build("2")
        #expect(build.result.succeeded, "\(build.log)")
        let left = try Directories.list(fixture.scratch("cache/steps")).filter { $0.hasPrefix("run-") }
        #expect(left == [])
    }
}
