import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("What a step sees and leaves")
struct StepInputTests {
    @Test("a step with declared inputs sees those alone, owned by root, with one time, links as links")
    func inputs() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: install
              command: >-
                mkdir /out && find . -printf '%P %y %U:%G %m %T@ %l\\n' | sort >/out/seen && cat lists/a.txt >>/out/seen
              inputs: [probe.txt, lists, "*.lock", link]
              outputs: [/out]
            """
        )
        let app = try fixture.app([
            "probe.txt": "", "lists/a.txt": "content a\n", "lists/b/c.txt": "", "x.lock": "",
            "secret.txt": "not for steps",
        ])
        try await Command.output(["ln", "-s", "/etc/passwd", "\(app)/link"])
        try await Command.output(["chmod", "+x", "\(app)/lists/b/c.txt"])
        let build = try await fixture.build("1")
        try #require(build.result.succeeded, "\(build.log)")
        let seen = String(decoding: try Files.read("\(try await fixture.unpack("1"))/out/seen"), as: UTF8.self)
        let time = "315532800.0000000000"
        #expect(
            seen == """
                 d 0:0 755 \(time)\u{20}
                link l 0:0 777 \(time) /etc/passwd
                lists d 0:0 755 \(time)\u{20}
                lists/a.txt f 0:0 644 \(time)\u{20}
                lists/b d 0:0 755 \(time)\u{20}
                lists/b/c.txt f 0:0 755 \(time)\u{20}
                probe.txt f 0:0 644 \(time)\u{20}
                x.lock f 0:0 644 \(time)\u{20}
                content a

                """
        )
    }

    @Test("of a source outside git a step sees modes and names of one file, but no file that makes anybody root")
    func details() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: build
              command: mkdir /out && stat -c '%n %a %h' tool twin key >/out/seen && stat -c '%n %a' none >>/out/seen
              outputs: [/out]
            """
        )
        let app = try fixture.app(["probe.txt": "", "tool": "x", "key": "y"])
        try await Command.output(
            ["sh", "-c", "chmod 4755 tool && ln tool twin && chmod 640 key && mkdir none && chmod 2775 none"],
            in: app
        )
        let build = try await fixture.build("1")
        try #require(build.result.succeeded, "\(build.log)")
        let seen = String(decoding: try Files.read("\(try await fixture.unpack("1"))/out/seen"), as: UTF8.self)
        #expect(seen == "tool 755 2\ntwin 755 2\nkey 644 1\nnone 2755\n")
        #expect(try await fixture.build("2").remembered == ["build"])
        try await Command.output(["chmod", "666", "\(app)/key"])
        #expect(try await fixture.build("3").run == ["build"])
    }

    @Test(
        "only declared outputs remain; unshipped ones are for later steps alone; a build on all of the source changes it"
    )
    func outputs() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: install
              command: mkdir /kept /tools /lost && touch /kept/a /lost/b && echo tool >/tools/c
              inputs: [probe.txt]
              outputs: [/kept, {path: /tools, shipped: false}]
            - name: build
              command: cat /tools/c >made.txt && rm old.txt && echo changed >probe.txt
              outputs: [/app]
            """
        )
        try fixture.app(["probe.txt": "as it was\n", "old.txt": "", "other.txt": "other\n"])
        let build = try await fixture.build("1")
        try #require(build.result.succeeded, "\(build.log)")
        let root = try await fixture.unpack("1")
        #expect(Files.exists("\(root)/kept/a"))
        #expect(!Files.exists("\(root)/lost") && !Files.exists("\(root)/tools"))
        #expect(try Files.read("\(root)/app/made.txt") == Array("tool\n".utf8))
        #expect(try Files.read("\(root)/app/probe.txt") == Array("changed\n".utf8))
        #expect(try Files.read("\(root)/app/other.txt") == Array("other\n".utf8))
        #expect(!Files.exists("\(root)/app/old.txt"))
    }

    @Test("a step on all of the source sees it as the steps before it left it, and as the image has it")
    func order() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: build
              command: rm gone.txt dist/old && echo new >dist/made && rm -r replaced && mkdir replaced && touch replaced/new
              outputs: [/app]
            - name: check
              kind: build
              command: find . -mindepth 1 -not -name seen.txt | sort >seen.txt && cat dist/made >>seen.txt && touch replaced/last
              outputs: [/app]
            """
        )
        try fixture.app([
            "probe.txt": "", "gone.txt": "", "dist/old": "", "dist/made": "as committed", "replaced/old": "",
        ])
        let build = try await fixture.build("1")
        try #require(build.result.succeeded, "\(build.log)")
        let root = try await fixture.unpack("1")
        let seen = String(decoding: try Files.read("\(root)/app/seen.txt"), as: UTF8.self)
        #expect(
            seen.split(separator: "\n") == [
                "./dist", "./dist/made", "./probe.txt", "./replaced", "./replaced/new", "new",
            ]
        )
        let files = try await Command.output(["find", "\(root)/app", "-mindepth", "1", "-type", "f", "-printf", "%P\n"])
        #expect(Set(files.lines) == ["dist/made", "probe.txt", "replaced/new", "replaced/last", "seen.txt"])
    }

    @Test("a source that takes more than the step's disk is refused before it is written")
    func tooMuch() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule("- {name: build, command: 'true', limits: {diskMiB: 5}}")
        try fixture.app(["probe.txt": "", "large.txt": String(repeating: "x", count: 6 << 20)])
        let build = try await fixture.build("1")
        #expect(build.log.contains("limit_exceeded") && build.log.contains("'large.txt' on"), "\(build.log)")
        try fixture.app(["large.txt": String(repeating: "y", count: 4 << 20)])
        #expect(try await fixture.build("2").result.succeeded)
    }

    @Test("the request's build and start commands take the place of the rule's")
    func requested() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule("- {name: build, command: 'false'}")
        try fixture.app(["probe.txt": "one two\n"])
        let build = try await fixture.build(
            "1",
            "--build",
            "wc -w <probe.txt >count && echo $0",
            "--start",
            "cat count"
        )
        try #require(build.result.succeeded, "\(build.log)")
        #expect(try Files.read("\(try await fixture.unpack("1"))/app/count") == Array("2\n".utf8))
        let config = try await Command.output([
            "skopeo", "inspect", "--config", "--tls-verify=false", "docker://\(fixture.registry.host)/apps/app:1",
        ])
        #expect(try JSONDocument.parse(config.text)["config"]?["Entrypoint"] == ["cat", "count"])
    }

    @Test("a command that fails is the code's fault, and the message has its status and last lines")
    func failure() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule("- {name: build, command: 'echo the reason >&2; exit 3'}")
        try fixture.app(["probe.txt": ""])
        let build = try await fixture.build("1")
        #expect(build.result.status == 65)
        #expect(build.log.contains("step_failed"), "\(build.log)")
        #expect(build.log.contains("3") && build.log.contains("the reason"))
    }

    @Test("a secret reaches the step that may have it, and neither log, layer, config nor what is remembered")
    func secrets() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: install
              command: test -z "$TOKEN" && mkdir /out && touch /out/a
              outputs: [/out]
            - name: build
              command: echo "it is $TOKEN" && test "$TOKEN" = "$(cat /run/secrets/TOKEN)"
              secrets: [TOKEN]
            """
        )
        fixture.variables["TOKEN"] = "hidden-value-of-the-test"
        try fixture.app(["probe.txt": ""])
        let build = try await fixture.build("1", "--secret", "TOKEN")
        try #require(build.result.succeeded, "\(build.log)")
        #expect(build.log.contains("it is ***"))
        let found = try await Command.result([
            "grep", "-r", "-l", "hidden-value-of-the-test", fixture.scratch.path,
        ])
        #expect(!build.log.contains("hidden-value") && found.text == "", "\(found.text)")
    }

    @Test("a cache outlives builds of its project, is nobody else's, and gets into no layer")
    func caches() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: build
              command: mkdir -p /out && ls /var/tmp/kept >/out/seen && echo x >>/var/tmp/kept/mark
              outputs: [/out, /var/tmp]
              caches: [{name: kept, path: /var/tmp/kept, locked: true}]
            """
        )
        try fixture.app(["probe.txt": ""])
        for (tag, project, seen) in [("1", "a", ""), ("2", "a", "mark\n"), ("3", "b", "")] {
            let build = try await fixture.build(tag, "--no-cache", "--project", project)
            try #require(build.result.succeeded, "\(build.log)")
            let root = try await fixture.unpack(tag)
            #expect(String(decoding: try Files.read("\(root)/out/seen"), as: UTF8.self) == seen)
            #expect(!Files.exists("\(root)/var/tmp/kept/mark"))
        }
    }

    @Test("a build that waits for a cache says so")
    func waiting() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: build
              command: cat probe.txt >>/kept/mark && while test ! -e "/kept/go"; do sleep 0.1; done && cat /kept/mark
              caches: [{name: kept, path: /kept, locked: true}]
            """
        )
        for name in ["first", "second"] { try fixture.app(["probe.txt": "of the \(name)\n"], at: name) }
        let first = Task { [fixture] in try await fixture.build("1", "--project", "a", app: "first") }
        let caches = fixture.scratch("cache/steps/caches")
        let cache = try await eventually("the first build has the cache") { () async throws -> String? in
            let names = (try? Directories.list(caches)) ?? []
            guard let name = names.first(where: { !$0.hasSuffix(".lock") }) else { return nil }
            return Files.exists("\(caches)/\(name)/mark") ? "\(caches)/\(name)" : nil
        }
        let second = try await ServerProcess(
            [SlipwayProgram.path] + fixture.words("2", ["--project", "a"], app: "second"),
            log: fixture.scratch("second.log"),
            environment: fixture.environment
        )
        try await eventually("it waits: \(second.log)") {
            second.log.contains("build: waits for its cache 'kept', which another step has")
        }
        try Files.writeAtomically([], to: "\(cache)/go")
        #expect(try await first.value.result.succeeded)
        try await eventually("it gets the cache: \(second.log)") { second.log.contains("of memory at most") }
        second.stop()
    }

    @Test("a build whose cache another has gets a copy of what that one does not touch")
    func copied() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: build
              command: mkdir -p /out && ls /var/tmp/kept >/out/seen && touch "/var/tmp/kept/$(cat name.txt)" && sleep "$(cat pause.txt)"
              inputs: [name.txt, pause.txt]
              outputs: [/out]
              caches: [{name: kept, path: /var/tmp/kept}]
            """
        )
        for (name, pause) in [("first", "0"), ("second", "600"), ("third", "0")] {
            try fixture.app(["probe.txt": "", "name.txt": name, "pause.txt": pause], at: name)
        }
        try #require(try await fixture.build("1", "--project", "a", app: "first").result.succeeded)
        let second = Task { [fixture] in try await fixture.build("2", "--project", "a", app: "second") }
        let caches = fixture.scratch("cache/steps/caches")
        try await eventually("the second build has the cache") {
            try await Command.result(["find", caches, "-name", "second"]).text.contains("second")
        }
        let third = try await fixture.build("3", "--project", "a", app: "third")
        try #require(third.result.succeeded, "\(third.log)")
        second.cancel()
        _ = try? await second.value
        let root = try await fixture.unpack("3")
        #expect(String(decoding: try Files.read("\(root)/out/seen"), as: UTF8.self) == "first\n")
        #expect(try await Command.result(["find", caches, "-name", "third"]).text == "", "the copy is kept")
    }
}
