import BuildModel
import ImageBuild
import Platform
import TestSupport
import Testing

/// What a layer holds besides the tree, and what it must not hold.
@Suite struct LayerHygieneTests {
    @Test(
        "the app's directory and those above it are there",
        arguments: [
            ("/app", ["app/", "app/a"]),
            ("/app/", ["app/", "app/a"]),
            ("/srv/web/site", ["srv/", "srv/web/", "srv/web/site/", "srv/web/site/a"]),
            ("/usr/share/app", ["usr/", "usr/share/", "usr/share/app/", "usr/share/app/a"]),
            ("/home", ["home/", "home/a"]),
        ]
    )
    func parents(directory: String, names: [String]) async throws {
        #expect(try await LayerFixture.names(in: try LayerFixture.layer([.file("a")], at: directory)) == names)
    }

    @Test("entries have fixed times, numeric owners, and git's modes")
    func attributes() async throws {
        let layer = try LayerFixture.layer(
            InMemoryTree(items: [.directory("d"), .executable("d/run", "x"), .file("f"), .link("l", "f")]),
            ownership: FileOwnership(user: 10001, group: 10002)
        )
        let listing = try await Command.output(
            ["tar", "-tvzf", "-", "--full-time", "--utc"],
            environment: ["LC_ALL": "C"],
            input: try LayerFixture.bytes(of: layer)
        )
        let lines = listing.lines.map { $0.split(separator: " ").map(String.init) }
        #expect(lines.map { $0[0] } == ["drwxr-xr-x", "drwxr-xr-x", "-rwxr-xr-x", "-rw-r--r--", "lrwxrwxrwx"])
        #expect(lines.allSatisfy { $0[1] == "10001/10002" })
        #expect(lines.allSatisfy { $0[3] == "1970-01-01" && $0[4] == "00:00:01" })
    }

    @Test("planned files are in the layer with their modes, below directories that are there too")
    func plannedFiles() async throws {
        let layer = try LayerWriter.writeLayer(
            files: [
                PlannedFile(path: "/etc/slipway/server.conf", content: "port 80\n", mode: 0o640),
                PlannedFile(path: "/etc/motd.slipway", content: "", mode: 0o104755),
            ],
            comment: "configuration",
            settings: LayerFixture.settings(),
            cancellation: CancelFlag()
        )
        let listing = try await Command.output(["tar", "-tvzf", "-"], input: try LayerFixture.bytes(of: layer)).lines
        #expect(listing.map { String($0.prefix(10)) } == ["drwxr-xr-x", "-rwxr-xr-x", "drwxr-xr-x", "-rw-r-----"])
        #expect(
            try await LayerFixture.names(in: layer)
                == ["etc/", "etc/motd.slipway", "etc/slipway/", "etc/slipway/server.conf"]
        )
    }

    @Test("a planned file takes the place of the tree's, and no path appears twice")
    func plannedFilesOverTheTree() async throws {
        let tree = InMemoryTree(items: [
            .directory("conf"), .file("conf/a", "tree"), .file("conf/b", "tree"), .file("main"),
        ])
        let layer = try LayerFixture.layer(
            tree,
            files: [PlannedFile(path: "/app/conf/a", content: "plan", mode: 0o600)]
        )
        let names = try await LayerFixture.names(in: layer)
        #expect(names == ["app/", "app/conf/", "app/conf/a", "app/conf/b", "app/main"])
        let content = try await Command.output(
            ["tar", "-xzf", "-", "-O", "app/conf/a"],
            input: try LayerFixture.bytes(of: layer)
        )
        #expect(content.text == "plan")
    }

    @Test(
        "plans that cannot be put in an image are refused by path",
        arguments: [
            ["relative"], ["/a/../b"], ["/etc"], ["/"], ["/a", "/a"], ["/a", "/a/b"], ["/x/.wh.y"], ["/a/b", "/a"],
        ]
    )
    func badPlans(paths: [String]) throws {
        let error = try #require(throws: BuildFailure.self) {
            _ = try LayerWriter.writeLayer(
                files: paths.map { PlannedFile(path: $0, content: "", mode: 0o644) },
                on: LayerBase(
                    BaseDirectories([Array("etc".utf8): .directory(DirectoryHeader(mode: 0o755, seconds: 1))])
                ),
                comment: "",
                settings: LayerFixture.settings(),
                cancellation: CancelFlag()
            )
        }
        #expect(error.code.rawValue == "invalid_plan")
        #expect(error.fault == .platform)
        #expect(paths.contains { error.message.contains($0) || error.message.contains($0.dropFirst()) })
    }

    @Test("a plan that has a file where the source has a directory is refused")
    func conflictingPlan() throws {
        let error = try #require(throws: BuildFailure.self) {
            _ = try LayerFixture.layer(
                InMemoryTree(items: [.directory("conf")]),
                files: [PlannedFile(path: "/app/conf", content: "", mode: 0o644)]
            )
        }
        #expect(error.code.rawValue == "invalid_plan")
        #expect(error.message.contains("/app/conf"))
    }

    @Test("the root directory is not the app's", arguments: ["/", "//", "app", ""])
    func badDirectories(directory: String) throws {
        let error = try #require(throws: BuildFailure.self) {
            _ = try LayerFixture.layer([.file("a")], at: directory)
        }
        #expect(error.code.rawValue == "invalid_plan")
    }
}
