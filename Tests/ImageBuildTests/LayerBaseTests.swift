import BuildModel
import ImageBuild
import Platform
import TestSupport
import Testing

/// What a layer says of directories that its base has.
@Suite struct LayerBaseTests {
    private static func base(_ places: [String: BaseDirectories.Place]) -> LayerBase {
        LayerBase(BaseDirectories(Dictionary(uniqueKeysWithValues: places.map { (Array($0.key.utf8), $0.value) })))
    }

    fileprivate static func link(_ target: String) -> BaseDirectories.Place { .link(to: Array(target.utf8)) }

    fileprivate static func directory(_ mode: UInt32 = 0o755, seconds: Int64 = 7, nanoseconds: Int64 = 0)
        -> BaseDirectories.Place
    {
        .directory(DirectoryHeader(mode: mode, user: 5, group: 6, seconds: seconds, nanoseconds: nanoseconds))
    }

    private static func layer(at directory: String, on base: LayerBase, files: [PlannedFile] = []) throws -> Layer {
        try LayerWriter.writeLayer(
            from: InMemoryTree(items: [.directory("logs"), .file("logs/a"), .file("z")]),
            at: directory,
            on: base,
            files: files,
            comment: "app source",
            settings: LayerFixture.settings(),
            cancellation: CancelFlag()
        )
    }

    struct Links: Sendable {
        var places: [String: BaseDirectories.Place]
        var directory: String
        var expected: [String]

        static let all: [Links] = [
            Links(
                places: ["srv": LayerBaseTests.link("/data"), "data": LayerBaseTests.directory()],
                directory: "/srv/web",
                expected: ["data/", "data/web/", "data/web/logs/"]
            ),
            Links(places: ["srv": LayerBaseTests.link("/data")], directory: "/srv", expected: ["data/", "data/logs/"]),
            Links(
                places: [
                    "a": LayerBaseTests.link("b/c"), "b": LayerBaseTests.directory(),
                    "b/c": LayerBaseTests.link("../d"),
                ],
                directory: "/a/x",
                expected: ["d/", "d/x/", "d/x/logs/"]
            ),
            Links(
                places: ["var/run": LayerBaseTests.link("../../../run/./x/")],
                directory: "/var/run/app",
                expected: ["run/", "run/x/", "run/x/app/", "run/x/app/logs/"]
            ),
        ]
    }

    @Test("links of the base are followed on the way to the app", arguments: Links.all)
    func links(links: Links) async throws {
        let names = try await LayerFixture.names(in: try Self.layer(at: links.directory, on: Self.base(links.places)))
        #expect(names.filter { $0.hasSuffix("/") } == links.expected)
    }

    @Test(
        "links in a circle, to the root or to names that mean something else are refused by path",
        arguments: ["/loop/app", "/root", "/mark/app"]
    )
    func badLinks(directory: String) throws {
        let base = Self.base([
            "loop": Self.link("pool"), "pool": Self.link("/loop"), "root": Self.link("/"), "mark": Self.link(".wh.x"),
        ])
        let error = try #require(throws: BuildFailure.self) { _ = try Self.layer(at: directory, on: base) }
        #expect(error.code.rawValue == "invalid_plan")
        #expect(error.message.contains(directory))
    }

    @Test("directories that the app may write to get its group, and keep all else that the base says of them")
    func writable() async throws {
        let base = Self.base([
            "srv": Self.directory(0o1700), "srv/data": Self.directory(0o750), "run": Self.link("srv"),
        ])
        let paths = ["/run/data/new", "/app/tmp/cache", "/app/tmp", "/srv/data"]
        let (layer, _) = try LayerWriter.write(
            writable: WritableDirectories(paths: paths, group: 65_532),
            on: base,
            comment: "writable",
            settings: LayerFixture.settings(),
            cancellation: CancelFlag()
        )
        let lines = try await entries(of: layer)
        #expect(
            lines == [
                "drwxr-xr-x 0/0 app/", "drwxrwxr-x 0/65532 app/tmp/", "drwxrwxr-x 0/65532 app/tmp/cache/",
                "drwx-----T 5/6 srv/", "drwxrwx--- 5/65532 srv/data/", "drwxrwxr-x 0/65532 srv/data/new/",
            ]
        )
    }

    @Test("files of the tree that the app may write to get its group, and make the layer another")
    func writableFiles() async throws {
        let writable = WritableFiles(paths: ["data/a.db", "data/gone.db"], group: 65_532)
        let tree = InMemoryTree(items: [.directory("data"), .file("data/a.db", "a"), .file("data/b.db", "b")])
        let layer = try LayerWriter.writeLayer(
            from: tree,
            at: "/app",
            writable: writable,
            comment: "source",
            settings: LayerFixture.settings(),
            cancellation: CancelFlag()
        )
        let lines = try await entries(of: layer)
        #expect(
            lines == [
                "drwxr-xr-x 0/0 app/", "drwxr-xr-x 0/0 app/data/", "-rw-rw-r-- 0/65532 app/data/a.db",
                "-rw-r--r-- 0/0 app/data/b.db",
            ]
        )
        let keys = try [nil, writable, WritableFiles(paths: ["data/a.db"], group: 65_532)].map { writable in
            try LayerKey(tree: tree.id, at: "/app", writable: writable, settings: LayerFixture.settings())
        }
        #expect(Set(keys).count == 3)
    }

    @Test("a planned file takes the place of a link, and the parents of both are the base's")
    func plannedOverLink() async throws {
        let base = Self.base(["bin": Self.link("usr/bin"), "usr/bin": Self.directory(), "usr/bin/tool": Self.link("x")])
        let layer = try Self.layer(
            at: "/app",
            on: base,
            files: [PlannedFile(path: "/bin/tool", content: "", mode: 0o755)]
        )
        #expect(
            try await entries(of: layer).prefix(4) == [
                "drwxr-xr-x 0/0 app/", "drwxr-xr-x 0/0 usr/", "drwxr-xr-x 5/6 usr/bin/", "-rwxr-xr-x 0/0 usr/bin/tool",
            ]
        )
    }

    @Test("directories of the source that the base has as well keep the base's attributes; links there give way")
    func insideTheTree() async throws {
        let kept = Self.base(["app": Self.directory(0o750), "app/logs": Self.directory(0o1777)])
        #expect(
            try await modes(Self.layer(at: "/app", on: kept)) == [
                "drwxr-x---", "drwxrwxrwt", "-rw-r--r--", "-rw-r--r--",
            ]
        )
        let link = Self.base(["app/logs": Self.link("/var/log")])
        #expect(
            try await LayerFixture.names(in: Self.layer(at: "/app", on: link)) == [
                "app/", "app/logs/", "app/logs/a", "app/z",
            ]
        )
    }

    @Test(
        "times are the base's to the nanosecond, however early or late",
        arguments: [
            (0, 0, "0"), (1_700_000_000, 0, "1700000000"), (1_700_000_000, 250_000_000, "1700000000.25"), (-2, 0, "-2"),
            (-2, 500_000_000, "-1.5"), (-1, 999_999_999, "-0.000000001"), (8_589_934_592, 0, "8589934592"),
        ] as [(Int64, Int64, String)]
    )
    func times(seconds: Int64, nanoseconds: Int64, expected: String) async throws {
        let base = Self.base(["app": Self.directory(seconds: seconds, nanoseconds: nanoseconds)])
        let program = """
            import sys, tarfile
            first = next(iter(tarfile.open(fileobj=sys.stdin.buffer, mode="r|gz")))
            print(first.pax_headers.get("mtime", first.mtime))
            """
        let layer = try Self.layer(at: "/app", on: base)
        let output = try await Command.output(["python3", "-c", program], input: try LayerFixture.bytes(of: layer))
        #expect(output.lines == [expected])
    }

    @Test("a key knows what the base says of the app's directories, and nothing else of the base")
    func keys() throws {
        func key(_ places: [String: BaseDirectories.Place], files: [PlannedFile] = []) throws -> LayerKey {
            let tree = ObjectID(bytes: [UInt8](repeating: 7, count: 20))
            return try LayerKey(
                tree: tree,
                at: "/app",
                on: Self.base(places),
                files: files,
                settings: LayerFixture.settings()
            )
        }
        let none = try key([:])
        #expect(try key(["usr": Self.directory(), "apple": Self.directory(), "bin": Self.link("usr/bin")]) == none)
        let others = [
            none, try key(["app": Self.directory()]), try key(["app": Self.directory(seconds: 8)]),
            try key(["app": Self.link("data")]), try key(["app/logs": Self.directory()]),
        ]
        #expect(Set(others).count == others.count)
        let file = PlannedFile(path: "/etc/x", content: "", mode: 0o644)
        #expect(try key([:], files: [file]) != key(["etc": Self.directory()], files: [file]))
    }

    /// Mode, numeric owner and path of each entry.
    private func entries(of layer: Layer) async throws -> [String] {
        let list = ["tar", "-tvzf", "-", "--numeric-owner"]
        return try await Command.output(list, input: try LayerFixture.bytes(of: layer)).lines.map { line in
            let parts = line.split(separator: " ", omittingEmptySubsequences: true)
            return "\(parts[0]) \(parts[1]) \(parts.last ?? "")"
        }
    }

    private func modes(_ layer: Layer) async throws -> [String] {
        try await Command.output(["tar", "-tvzf", "-"], input: try LayerFixture.bytes(of: layer)).lines.map {
            String($0.prefix(10))
        }
    }
}
