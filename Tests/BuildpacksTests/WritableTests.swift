import BuildModel
import Testing

@testable import Buildpacks

@Suite("Directories that an app may write to")
struct WritableTests {
    private static let rule = """
        language: probe
        image: library/probe:1
        user: "1000:2000"
        detect: [{score: 50, when: [{file: probe.txt}]}]
        start: [{arguments: [probe]}]
        writable:
          - /app/tmp
          - /var/lib/probe
          - {path: "/app/{{name.stem}}", when: [{file: other.cfg, as: name}]}
        steps:
          - {name: build, command: make, outputs: [/app/tmp/cache, /opt/probe]}
          - {name: install, command: make install, outputs: [/app]}
        """

    private func plan(_ tree: MemoryTree, includesSource: Bool = true) throws -> BuildPlan {
        let text = Self.rule + (includesSource ? "" : "\nincludesSource: false\n")
        return try RuleSet(files: ["probe.yaml": Array(text.utf8)]).plan(tree: tree)
    }

    private func plan(_ files: [String: String] = [:]) throws -> BuildPlan {
        try plan(MemoryTree(files.merging(["probe.txt": ""]) { $1 }))
    }

    @Test("those that the rule names are in the plan, where their predicates hold")
    func named() throws {
        #expect(try plan().writable == ["/app/tmp", "/var/lib/probe"])
        #expect(try plan(["other.cfg": ""]).writable == ["/app/other", "/app/tmp", "/var/lib/probe"])
        #expect(try plan().json["writable"] == ["/app/tmp", "/var/lib/probe"])
        #expect(try plan().writableDirectories?.group == 2000)
    }

    @Test("directories that the source has below them are named too, if the image has the source")
    func below() throws {
        let files = ["tmp/pids/.keep": "", "tmp/cache/a/b.txt": "", "tmps/x/y": "", "probe.txt": ""]
        #expect(
            try plan(files).writable
                == ["/app/tmp", "/app/tmp/cache", "/app/tmp/cache/a", "/app/tmp/pids", "/var/lib/probe"]
        )
        #expect(try plan(MemoryTree(files), includesSource: false).writable == ["/app/tmp", "/var/lib/probe"])
    }

    @Test("databases of one file that the source has in them may be written to, if the image has the source")
    func databases() throws {
        let files = [
            "tmp/store.db": "", "tmp/deep/x.sqlite3": "", "tmp/a.txt": "", "tmp/db": "", "tmp/Thumbs.db": "",
            "other.db": "",
            "probe.txt": "",
        ]
        var tree = MemoryTree(files)
        tree.add("tmp/link.db", .link("../other.db"))
        let found = try plan(tree)
        #expect(found.writableFiles == ["/app/tmp/deep/x.sqlite3", "/app/tmp/store.db"])
        #expect(found.json["writableFiles"] == ["/app/tmp/deep/x.sqlite3", "/app/tmp/store.db"])
        #expect(
            found.sourceWritableFiles
                == WritableFiles(paths: ["tmp/store.db", "tmp/deep/x.sqlite3"], group: 2000)
        )
        #expect(try plan(tree, includesSource: false).sourceWritableFiles == nil)
        #expect(try plan(["other.db": ""]).json["writableFiles"] == nil)
    }

    @Test("one that is meant alone has databases in it, and nothing below; not so if something else names it whole")
    func alone() throws {
        let files = ["probe.txt": "", "a.db": "", "sub/b.db": "", "tmp/c.db": ""]
        func plan(_ more: String) throws -> BuildPlan {
            let whole = Self.rule.replacing(
                "  - /var/lib/probe",
                with: "  - {path: /app, alone: true, when: [{glob: \"*.db\"}]}\n\(more)"
            )
            return try RuleSet(files: ["probe.yaml": Array(whole.utf8)]).plan(tree: MemoryTree(files))
        }
        let found = try plan("  - /var/lib/probe")
        #expect(found.writable == ["/app", "/app/tmp", "/var/lib/probe"])
        #expect(found.writableFiles == ["/app/a.db", "/app/tmp/c.db"])
        #expect(found.steps.map { $0.writable?.paths } == [["/app/tmp"], ["/app/tmp"]])
        #expect(try plan("  - /app").writableFiles == ["/app/a.db", "/app/sub/b.db", "/app/tmp/c.db"])
    }

    @Test("each directory with a database is meant alone, if the image has the source, and not what is elsewhere")
    func databasesBelow() throws {
        let files = [
            "probe.txt": "", "sub/b.db": "", "sub/x/c.sqlite": "", "a.db": "", "sub/thumbs.db": "", "sub/d/e": "",
        ]
        let rule = Self.rule.replacing("  - /var/lib/probe", with: "  - {path: /app/sub, databases: true}")
        func plan(_ text: String) throws -> BuildPlan {
            try RuleSet(files: ["probe.yaml": Array(text.utf8)]).plan(tree: MemoryTree(files))
        }
        let found = try plan(rule)
        #expect(found.writable == ["/app/sub", "/app/sub/x", "/app/tmp"])
        #expect(found.writableFiles == ["/app/sub/b.db", "/app/sub/x/c.sqlite"])
        #expect(try plan(rule + "\nincludesSource: false\n").writable == ["/app/tmp"])
        let both = rule.replacing("databases: true", with: "databases: true, alone: true")
        let thrown = try #require(throws: BuildFailure.self) { try plan(both) }
        #expect(thrown.message.contains("not both"))
    }

    @Test("each step knows those that its outputs have to do with")
    func steps() throws {
        let steps = try plan().steps
        #expect(steps.map { $0.writable?.paths } == [["/app/tmp"], ["/app/tmp"]])
        #expect(steps[0].writable?.group == 2000)
        let files = ["probe.txt": "", "slipway.yaml": "writable: [/data]\n"]
        #expect(try plan(files).steps.allSatisfy { $0.writable == nil && $0.json["writable"] == nil })
    }

    @Test("slipway.yaml takes the rule's place, or adds to it")
    func settings() throws {
        #expect(try plan(["slipway.yaml": "writable: [/data]\n"]).writable == ["/data"])
        let added = try plan(["slipway.yaml": "writable: [..., /data, /app/tmp/]\n"])
        #expect(added.writable == ["/app/tmp", "/data", "/var/lib/probe"])
        #expect(try plan(["slipway.yaml": "writable: []\n"]).json["writable"] == nil)
        let wrong = MemoryTree(["probe.txt": "", "slipway.yaml": "writable: [data]\n"])
        let failure = try #require(throws: BuildFailure.self) { try plan(wrong) }
        #expect(failure.message.contains("slipway.yaml:1") && failure.message.contains("an absolute path"))
    }

    @Test("what is a file or a link in the source is left as it is, with a warning", arguments: [true, false])
    func obstacles(isLink: Bool) throws {
        var tree = MemoryTree(["probe.txt": ""])
        tree.add("tmp", isLink ? .link("/etc") : .file([]))
        let plan = try plan(tree)
        #expect(plan.writable == ["/var/lib/probe"])
        #expect(plan.warnings == ["tmp is no directory, so that the app cannot be let write to /app/tmp."])
    }

    @Test("one with very many below it is writable alone, with a warning, unless slipway.yaml names it")
    func many() throws {
        var tree = MemoryTree(["probe.txt": ""])
        for number in 0...5000 { tree.add("tmp/\(number)/x", .file([])) }
        let plan = try plan(tree)
        #expect(plan.writable == ["/app/tmp", "/var/lib/probe"])
        #expect(
            plan.warnings == [
                "tmp is writable, and has more than 5000 directories. The app can write to /app/tmp itself, not to those below it."
            ]
        )
        tree.add("slipway.yaml", .file(Array("writable: [/app/tmp/]\n".utf8)))
        let named = tree
        let failure = try #require(throws: BuildFailure.self) { try self.plan(named) }
        #expect(failure.code == .limitExceeded)
    }
}
