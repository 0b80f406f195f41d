import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("A build that is made again from its lock")
struct LockTests {
    private static let names = ["run", "build", "tools"]

    /// Pushes one image under three names, which stand for that from then on.
    private func move(_ image: String, _ fixture: StepFixture) async throws {
        for name in Self.names {
            try await Command.output([
                "skopeo", "copy", "--quiet", "--dest-tls-verify=false", "oci:\(fixture.scratch("base")):\(image)",
                "docker://\(fixture.registry.host)/base/\(name):1",
            ])
        }
    }

    /// A base of two states, the second of which says so, and a rule that names it for running and for two steps.
    private func fixture() async throws -> StepFixture {
        var fixture = try await StepFixture()
        let base = fixture.scratch("base")
        try await Command.output([
            "skopeo", "copy", "--quiet", "oci:\(Cache.directory)/base-images:docker.io/library/debian:13-slim",
            "oci:\(base):first",
        ])
        try await Command.output([
            "umoci", "config", "--image", "\(base):first", "--tag", "second", "--config.label", "state=second",
        ])
        let host = fixture.registry.host
        try fixture.app(["probe.txt": ""])
        fixture.rules = fixture.scratch("rules")
        try fixture.scratch.write(
            """
            language: probe
            image: \(host)/base/run:1
            buildImage: \(host)/base/build:1
            detect: [{score: 50, when: [{file: probe.txt}]}]
            start: [{arguments: [cat, /app/probe.txt]}]
            steps:
              - {name: install, image: "\(host)/base/tools:1", command: "mkdir /out && echo 1 >/out/a", inputs: [probe.txt], outputs: [/out]}
              - {name: build, command: "cat /out/a >made.txt", outputs: [/app]}
            """,
            to: "rules/probe.yaml"
        )
        return fixture
    }

    @Test("every image that the plan names is recorded by digest, and taken again although its tag has moved")
    func moved() async throws {
        let fixture = try await fixture()
        try await move("first", fixture)
        let first = try await fixture.build("1")
        #expect(first.result.succeeded, "\(first.log)")
        let lock = try #require(first.json?["lock"])
        let images = try #require(lock["images"]?.object)
        #expect(Set(images.keys) == Set(Self.names.map { "\(fixture.registry.host)/base/\($0):1" }))
        let file = try fixture.scratch.write(lock.canonicalText, to: "lock.json")

        try await move("second", fixture)
        let floating = try await fixture.build("2", "--no-cache")
        let others = try #require(floating.json?["lock"]?["images"]?.object, "\(floating.log)")
        #expect(images.allSatisfy { others[$0.key] != nil && others[$0.key] != $0.value })
        #expect(floating.digest != first.digest)

        for more in [["--no-cache"], []] {
            let again = try await fixture.result(fixture.words("3", ["--locked", file] + more))
            let json = try JSONDocument.parse(again.text)
            #expect(json["digest"]?.string == first.digest, "\(again.errorText)")
            #expect(json["lock"] == lock && json["planDigest"] == first.json?["planDigest"])
        }
    }
}
