import BuildModel
import Glibc
import ImageBuild
import Platform
import TestSupport
import Testing

/// The same tree makes the same bytes, wherever and however often.
@Suite struct LayerDeterminismTests {
    private static var tree: InMemoryTree {
        InMemoryTree(
            items: [
                .directory("lib"), .link("lib/current", "v1"), .file("lib/grüße.txt", "x"),
                .executable("run", "#!/bin/sh\n"),
            ]
                + (0..<200).map { .file("module-\($0)", bytes: LayerFixture.noise(5000, seed: UInt64($0))) }
                + [.file("z-data", bytes: LayerFixture.noise(2_500_000))]
        )
    }

    @Test("the tar of a tree is what it was when the policy was written down")
    func pinned() throws {
        let layer = try LayerFixture.layer([
            .directory("bin"), .executable("bin/run", "#!/bin/sh\n"), .link("current", "bin/run"),
            .file("grüße.txt", "x"),
        ])
        #expect(LayerSettings.tarPolicy == "tar-v2")
        #expect(layer.tarSize == 5632)
        #expect(layer.diffID.hex == "a6eb396f51f12bb14261786b903ef65b16e74efd97af1b9cfa4123a402a63319")
    }

    @Test("any number of threads makes the same bytes", arguments: [1, 2, 7])
    func widths(width: Int) throws {
        let one = try LayerFixture.bytes(of: try LayerFixture.layer(Self.tree, width: 3))
        #expect(try LayerFixture.bytes(of: try LayerFixture.layer(Self.tree, width: width)) == one)
    }

    @Test("a writer that holds the pool's only thread still finishes")
    func writerOnThePool() async throws {
        let settings = LayerFixture.settings(width: 1)
        let layer = try await settings.processors.run {
            try LayerWriter.writeLayer(
                from: Self.tree,
                at: "/app",
                comment: "app source",
                settings: settings,
                cancellation: CancelFlag()
            )
        }
        #expect(layer.blob.descriptor == (try LayerFixture.layer(Self.tree)).blob.descriptor)
    }

    @Test(
        "time zone, locale and umask do not change a byte",
        arguments: [
            ["TZ": "Pacific/Kiritimati", "LC_ALL": "C"], ["TZ": "America/St_Johns", "LC_ALL": "C.UTF-8"],
            ["TZ": "", "LC_ALL": "POSIX"],
        ]
    )
    func environment(variables: [String: String]) async throws {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardOutputContent]
        ) { [variables] in
            for (name, value) in variables { setenv(name, value, 1) }
            setlocale(LC_ALL, "")
            tzset()
            umask(0o077)
            print("digest=\(try LayerFixture.layer(LayerDeterminismTests.tree).blob.descriptor.digest)")
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        #expect(output.contains("digest=\(try LayerFixture.layer(Self.tree).blob.descriptor.digest)"))
    }

    @Test("many layers at once on one pool are as they are alone")
    func concurrentLayers() async throws {
        let settings = LayerFixture.settings(width: 2)
        let want = try LayerFixture.layer(Self.tree).blob.descriptor
        let digests = try await withThrowingTaskGroup(of: Descriptor.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await settings.processors.run {
                        try LayerWriter.writeLayer(
                            from: Self.tree,
                            at: "/app",
                            comment: "",
                            settings: settings,
                            cancellation: CancelFlag()
                        ).blob.descriptor
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(digests == Array(repeating: want, count: 4))
    }
}
