import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("Steps on a file system that cannot map ids")
struct UnmappedTests {
    /// Puts an overlay in the place of the cache, as a worker in a container without a volume has it, and goes on as another program.
    private static let script = """
        place=$1 cache=$2; shift 2
        mkdir -p "$place/lower" "$place/upper" "$place/work" "$cache"
        mount -t overlay overlay -o "lowerdir=$place/lower,upperdir=$place/upper,workdir=$place/work" "$cache" || exit 99
        exec "$@"
        """

    private func result(_ words: [String], _ fixture: StepFixture) async throws -> CommandResult {
        let setup = ["unshare", "--mount", "sh", "-c", Self.script, "setup"]
        return try await Command.result(
            setup + [fixture.scratch("place"), fixture.scratch("cache"), SlipwayProgram.path] + words,
            environment: fixture.environment
        )
    }

    @Test("owners are the image's all the same, in layers, caches and sources; doctor says what is different")
    func builds() async throws {
        var fixture = try await StepFixture()
        try fixture.useRule(
            """
            - name: install
              kind: system
              command: >-
                mkdir /out && touch /out/a && chown 1:33 /out/a && echo kept >/kept/mark
                && stat -c '%u:%g %n' /etc/shadow probe.txt && cat /proc/self/uid_map
              inputs: [probe.txt]
              outputs: [/out]
              caches: [{name: kept, path: /kept}]
            - name: build
              command: stat -c '%u:%g %n' /out/a /etc/shadow probe.txt /kept/mark && cat /kept/mark && cat /proc/self/uid_map
              caches: [{name: kept, path: /kept}]
            """
        )
        try fixture.app(["probe.txt": ""])
        let build = StepBuild(result: try await result(fixture.words("1", []), fixture), json: nil)
        try #require(build.result.succeeded, "\(build.log)")
        func count(_ text: String) -> Int { build.log.split(separator: "\n").filter { $0.hasSuffix(text) }.count }
        #expect(count(": 1:33 /out/a") == 1 && count(": 0:42 /etc/shadow") == 2, "\(build.log)")
        #expect(count(": 0:0 probe.txt") == 2 && count(": 0:0 /kept/mark") == 1 && count(": kept") == 1, "\(build.log)")
        let maps = build.log.split(separator: "\n").filter { $0.hasSuffix("65536") }.map { $0.split(separator: " ") }
        #expect(maps.count == 2 && Set(maps.map { $0.suffix(2) }).count == 1, "all steps have the same ids")
        let root = try await fixture.unpack("1")
        #expect(Files.exists("\(root)/out/a"))

        let doctor = try await result(["doctor", "-o", "json"], fixture)
        let findings = try JSONDocument.parse(doctor.text)["findings"]?.array ?? []
        let finding = try #require(findings.first { $0["name"] == "sandbox.privileges" }, "\(doctor.text)")
        #expect(finding["status"] == "warning", "\(finding)")
        #expect(finding["message"]?.string?.hasPrefix("Steps run with the same ids, all of them") == true, "\(finding)")
        #expect(finding["remedy"]?.string?.contains("ext4, XFS or Btrfs") == true, "\(finding)")
    }
}
