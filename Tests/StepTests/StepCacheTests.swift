import BuildModel
import Platform
import TestSupport
import Testing
import Worker

@Suite("Caches of steps on a node")
struct StepCacheTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func caches(_ limit: Int64 = 1 << 20, total: Int64 = 1 << 30) throws -> StepCaches {
        try StepCaches(directory: scratch("caches"), limit: limit, total: total)
    }

    private var names: [String] {
        get throws { try Directories.list(scratch("caches")).filter { !$0.hasSuffix(".lock") } }
    }

    @Test("one that is too deep to look at, or too large, is removed at once, and the others stay")
    func deep() async throws {
        let caches = try caches()
        for name in ["a-kept", "b-deep", "c-kept", "d-large", "e-deep"] {
            try scratch.write("", to: "caches/\(name).lock")
            try scratch.write("some bytes", to: "caches/\(name)/file")
        }
        for name in ["b-deep", "e-deep"] {
            let script = "cd \(scratch("caches/\(name)")) && for i in $(seq 600); do mkdir d && cd d || exit 1; done"
            try await Command.output(["sh", "-c", script])
        }
        try scratch.write(String(repeating: "x", count: 2 << 20), to: "caches/d-large/more")
        try caches.collect()
        #expect(try names == ["a-kept", "c-kept"])
    }

    @Test("those that were not used the longest go when all are too large")
    func total() async throws {
        let caches = try caches(total: 50_000)
        for (name, second) in [("a", 3), ("b", 1), ("c", 2)] {
            try scratch.write(String(repeating: "x", count: 20_000), to: "caches/\(name)/file")
            let lock = try scratch.write("", to: "caches/\(name).lock")
            // Two files that are made at once may have the same time.
            try await Command.output(["touch", "-d", "-\(1000 * (10 - second)) seconds", lock])
        }
        try caches.collect()
        #expect(try names == ["a", "c"])
    }

    @Test("files that vanish while they are counted count as nothing")
    func vanishing() async throws {
        let caches = try caches()
        try scratch.write("", to: "caches/a.lock")
        let script = "cd \(scratch("caches")) && while :; do mkdir -p a/x/y/z && rm -r a && ln -s / a && rm a; done"
        let process = try await ServerProcess(["sh", "-c", script], log: scratch("log"))
        for _ in 0..<300 { _ = try Directories.treeSize(scratch("caches/a")) }
        for _ in 0..<300 { _ = try Directories.treeSize(scratch("caches")) }
        process.stop()
        withExtendedLifetime(caches) {}
    }

    @Test("one that a step that fails has overfilled is emptied")
    func failing() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: build
              command: cat /var/kept/small 2>&1; head -c 1500000 /dev/zero >/var/kept/large; exit 3
              caches: [{name: kept, path: /var/kept}]
            """
        )
        fixture.variables["SLIPWAY_STEPS_CACHE_BYTES"] = "1000000"
        try fixture.app(["probe.txt": ""])
        #expect(try await fixture.build("1").result.status == 65)
        let left = try await Command.output(["find", fixture.scratch("cache/steps/caches"), "-name", "large"])
        #expect(left.text == "")
        let mode = try await Command.output(["stat", "-c", "%a", fixture.scratch("cache/steps/caches")])
        #expect(mode.text == "700\n", "files with setuid are in it")
    }

    @Test("two of one name in a step are refused")
    func doubled() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: build
              command: 'true'
              caches: [{name: kept, path: /var/a, locked: true}, {name: kept, path: /var/b, locked: true}]
            """
        )
        try fixture.app(["probe.txt": ""])
        let build = try await fixture.build("1")
        #expect(build.log.contains("two caches with the name 'kept'"), "\(build.log)")
    }

    @Test("what processes left that are gone is removed, and what lives is not")
    func left() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule("- {name: build, command: 'true'}")
        try fixture.app(["probe.txt": ""])
        try fixture.scratch.write("", to: "cache/steps/run-dead/work/file")
        try fixture.scratch.write("", to: "cache/steps/run-gone.lock")
        let lock = try FileLock.attempt(fixture.scratch("cache/steps/run-lives.lock"), .exclusive)
        try #require(try await fixture.build("1").result.succeeded)
        let left = try Directories.list(fixture.scratch("cache/steps")).filter { $0.hasPrefix("run-") }
        #expect(left == ["run-lives.lock"])
        withExtendedLifetime(lock) {}
    }
}
