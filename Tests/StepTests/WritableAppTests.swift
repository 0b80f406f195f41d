import Platform
import TestSupport
import Testing

@Suite("What an app may write to when it runs")
struct WritableAppTests {
    @Test(
        "directories of the source, of steps and new ones are the app's to write to, so are databases in them, and what is left out stays out"
    )
    func probe() async throws {
        var fixture = try await StepFixture()
        fixture.rules = fixture.scratch("rules")
        try fixture.scratch.write(
            """
            language: probe
            image: docker.io/library/debian:13-slim
            detect: [{score: 50, when: [{file: probe.txt}]}]
            start:
              - command: >-
                  for place in tmp tmp/deep tmp/named var/cache var/cache/made new; do echo x >/app/$place/file && echo wrote $place; done;
                  echo y >>/app/var/cache/made/first && echo added; echo z >/app/probe.txt || echo kept;
                  echo s >>/app/tmp/deep/store.db && echo stored; echo s >/app/other.db || echo whole;
                  test -e /app/tmp/left || echo out; id -u
            writable: [/app/tmp, /app/tmp/named, /app/var, /app/new]
            steps:
              - name: build
                command: mkdir -p var/cache/made && echo x >var/cache/made/first && chmod 600 var/cache/made/first
                outputs: [/app/var]
              - {name: later, kind: build, command: echo x >var/cache/second, outputs: [/app/var]}
            """,
            to: "rules/probe.yaml"
        )
        try fixture.app([
            "probe.txt": "", "tmp/deep/.keep": "", "tmp/left/out/x": "", "tmp/deep/store.db": "", "other.db": "",
            ".dockerignore": "tmp/left\ntmp/named\n",
        ])
        let build = try await fixture.build("1")
        #expect(build.result.succeeded && build.run == ["build", "later"], "\(build.log)")
        let again = try await fixture.build("2")
        #expect(again.remembered == ["build", "later"] && again.digest == build.digest, "\(again.log)")
        let said = try await said(by: "\(fixture.registry.host)/apps/app:2")
        let places = ["tmp", "tmp/deep", "tmp/named", "var/cache", "var/cache/made", "new"]
        #expect(
            said.filter { !$0.contains("cannot") } == places.map { "wrote \($0)" } + [
                "added", "kept", "stored", "whole", "out", "65532",
            ],
            "\(said)"
        )
    }

    /// What a program writes that ends by itself.
    private func said(by image: String) async throws -> [String] {
        let podman = try Podman()
        var said: [String] = []
        do {
            try await podman.pull(image)
            try await podman.start(image, port: Port.free())
            try await eventually("the program has said who it is") {
                said = try await podman.logs().split(separator: "\n").map(String.init)
                return said.contains("65532")
            }
        } catch {
            try? await podman.remove()
            throw error
        }
        try await podman.remove()
        return said
    }
}
