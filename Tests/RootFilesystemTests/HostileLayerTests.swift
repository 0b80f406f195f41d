import BuildModel
import Platform
import RootFilesystem
import TestSupport
import Testing

/// A layer that tries something, and what has to come of it.
struct HostileLayer: Sendable, CustomStringConvertible {
    var description: String
    /// `OUTSIDE` stands for a directory outside the store.
    var entries: [CraftedTar.Entry]
    /// Words of the refusal; nil if the layer is taken, and harmless.
    var refusal: String?
    /// Paths in the layer and lines about them, by `stat -c '%F %a %N'`.
    var result: [String] = []

    init(_ description: String, _ entries: [CraftedTar.Entry], refusal: String? = nil, result: [String] = []) {
        self.description = description
        self.entries = entries
        self.refusal = refusal
        self.result = result
    }

    static let all: [HostileLayer] = [
        .init("a path that leads up", [.init(.file, "../evil")], refusal: "leads out"),
        .init("a path that leads up later", [.init(.file, "a/../../evil")], refusal: "leads out"),
        .init("an absolute path", [.init(.file, "/OUTSIDE/evil")], result: ["./OUTSIDE/evil regular empty file 644"]),
        .init(
            "a parent that is an absolute link",
            [.init(.link, "d", to: "/OUTSIDE"), .init(.file, "d/evil")],
            result: ["./OUTSIDE/evil regular empty file 644"]
        ),
        .init(
            "a parent that is a link up",
            [.init(.link, "d", to: "../../../../../../../../../OUTSIDE"), .init(.file, "d/evil")],
            result: ["./OUTSIDE/evil regular empty file 644"]
        ),
        .init(
            "a link in a directory behind a link",
            [
                .init(.directory, "a"), .init(.link, "a/b", to: "/"), .init(.link, "c", to: "a/b/a/b"),
                .init(.file, "c/OUTSIDE/evil"),
            ],
            result: ["./OUTSIDE/evil regular empty file 644"]
        ),
        .init(
            "links that go round",
            [.init(.link, "a", to: "b"), .init(.link, "b", to: "a"), .init(.file, "a/evil")],
            refusal: "too many links"
        ),
        .init("a hard link up", [.init(.hardLink, "h", to: "../OUTSIDE/secret")], refusal: "leads out"),
        .init(
            "a hard link to an absolute path",
            [.init(.hardLink, "h", to: "/OUTSIDE/secret")],
            refusal: "not in its layer"
        ),
        .init(
            "a hard link behind a link",
            [.init(.link, "d", to: "/OUTSIDE"), .init(.hardLink, "h", to: "d/secret")],
            refusal: "not in its layer"
        ),
        .init(
            "a hard link to a link",
            [
                .init(.link, "l", to: "/OUTSIDE/secret"), .init(.hardLink, "h", to: "l"),
                .init(.file, "h", content: "evil"),
            ],
            result: ["./h regular file 644"]
        ),
        .init(
            "a hard link to a directory",
            [.init(.directory, "d"), .init(.hardLink, "h", to: "d")],
            refusal: "to a directory"
        ),
        .init(
            "a hard link to a deleted file",
            [.init(.file, ".wh.gone"), .init(.hardLink, "h", to: "gone")],
            refusal: "not in its layer"
        ),
        .init(
            "a hard link to itself",
            [.init(.file, "f", content: "text"), .init(.hardLink, "f", to: "f")],
            result: ["./f regular file 644"]
        ),
        .init(
            "a file in place of a link",
            [.init(.link, "l", to: "/OUTSIDE/secret"), .init(.file, "l", content: "evil", mode: 0o600)],
            result: ["./l regular file 600"]
        ),
        .init(
            "a directory in place of a link",
            [.init(.link, "l", to: "/OUTSIDE"), .init(.directory, "l", mode: 0o777), .init(.file, "l/evil")],
            result: ["./l directory 777", "./l/evil regular empty file 644"]
        ),
        .init(
            "a link in place of a directory",
            [.init(.directory, "d"), .init(.file, "d/f"), .init(.link, "d", to: "/OUTSIDE"), .init(.file, "d/evil")],
            result: ["./OUTSIDE/evil regular empty file 644"]
        ),
        .init(
            "a mark of deletion behind a link",
            [.init(.link, "d", to: "/OUTSIDE"), .init(.file, "d/.wh.secret")],
            result: ["./OUTSIDE directory 755"]
        ),
        .init(
            "an opaque directory behind a link",
            [.init(.link, "d", to: "/OUTSIDE"), .init(.file, "d/.wh..wh..opq")],
            result: ["./OUTSIDE directory 755"]
        ),
        .init("the directory itself, deleted", [.init(.file, "d/.wh..")], refusal: "cannot be"),
        .init("the parent, deleted", [.init(.file, "d/.wh...")], refusal: "cannot be"),
        .init("nothing, deleted", [.init(.file, "d/.wh.")], refusal: "cannot be"),
        .init("a file in a deleted directory's mark", [.init(.file, ".wh.d/f")], refusal: "means a deleted file"),
        .init("a file in a file", [.init(.file, "f"), .init(.file, "f/g")], refusal: "no directory"),
        .init("a file in a pipe", [.init(.pipe, "p"), .init(.file, "p/g")], refusal: "no directory"),
        .init("a root that is a file", [.init(.file, ".")], refusal: "root"),
        .init("a root that is a link", [.init(.link, ".", to: "/OUTSIDE"), .init(.file, "evil")], refusal: "root"),
        .init("a name that is too long", [.init(.file, String(repeating: "n", count: 256))], refusal: "over 255"),
        .init(
            "a path that is too long",
            [.init(.file, String(repeating: "d/", count: 2048) + "f")],
            refusal: "longer than 4095"
        ),
        .init(
            "a path that is too deep",
            [.init(.file, String(repeating: "d/", count: 300) + "f")],
            refusal: "directories deep"
        ),
        .init(
            "links that make one too deep",
            [
                .init(.directory, String(repeating: "d/", count: 200)),
                .init(.link, "l", to: String(repeating: "d/", count: 200)),
            ]
                + [.init(.file, "l/" + String(repeating: "e/", count: 100) + "f")],
            refusal: "directories deep"
        ),
        .init("a deleted file with the longest name", [.init(.file, ".wh." + String(repeating: "n", count: 255))]),
        .init("an owner beyond 32 bits", [.init(.file, "f", owner: 1 << 33)], refusal: "owner"),
        .init(
            "a device",
            [.init(.device, "null", mode: 0o666), .init(.file, "f")],
            result: ["./f regular empty file 644"]
        ),
        .init("a device that is a deletion", [.init(.device, "gone")]),
        .init("setuid and sticky bits", [.init(.file, "s", mode: 0o6755)], result: ["./s regular empty file 6755"]),
    ]
}

@Suite("Hostile layers")
struct HostileLayerTests {
    @Test("do nothing outside their directory", arguments: HostileLayer.all)
    func table(attempt: HostileLayer) async throws {
        let fixture = try Fixture()
        let outside = fixture.scratch("outside")
        try fixture.scratch.write("secret", to: "outside/secret", mode: 0o640)
        let before = try await Self.look(at: outside)
        let relative = String(outside.dropFirst())
        let entries = attempt.entries.map { entry in
            var entry = entry
            entry.name = entry.name.replacing("OUTSIDE", with: relative)
            entry.link = entry.link.replacing("OUTSIDE", with: relative)
            return entry
        }
        let layer = try await Fixture.layer(entries)
        if let refusal = attempt.refusal {
            let failure = await #expect(throws: BuildFailure.self) { _ = try await fixture.store.lease([layer]) }
            #expect(failure?.code == .invalidLayer)
            #expect(failure?.message.contains(refusal) == true, "\(String(describing: failure))")
            #expect(try Directories.list(fixture.directory) == ["locks"], "something is left")
        } else {
            let lease = try await fixture.store.lease([layer])
            let files = try #require(lease.lowerDirectories.first)
            let lines = try await Self.look(at: files)
            for line in attempt.result {
                let wanted = line.replacing("OUTSIDE", with: relative)
                #expect(lines.contains(wanted), "\(wanted) is not in \(lines)")
            }
            #expect(!lines.contains { $0.contains("special file") }, "\(lines)")
        }
        #expect(try await Self.look(at: outside) == before)
        #expect(try Files.read(outside + "/secret") == Array("secret".utf8))
        #expect(try Directories.list(fixture.scratch.path) == ["outside", "store"])
    }

    private static func look(at directory: String) async throws -> [String] {
        let words = ["find", ".", "-exec", "stat", "-c", "%n %F %a", "{}", ";"]
        return try await Command.output(words, in: directory).lines.sorted()
    }

    @Test("cannot say anything to overlayfs")
    func reservedAttributes() async throws {
        let fixture = try Fixture()
        let layer = try await Fixture.layer([
            .init(
                .directory,
                "d",
                records: [
                    "SCHILY.xattr.trusted.overlay.opaque": "y", "SCHILY.xattr.trusted.overlay.redirect": "/etc",
                    "SCHILY.xattr.user.overlay.opaque": "y", "SCHILY.xattr.user.kept": "value",
                ]
            )
        ])
        let lease = try await fixture.store.lease([layer])
        let directory = try DirectoryHandle(path: try #require(lease.lowerDirectories.first))
        let names = try directory.extendedAttributes(of: Array("d".utf8)).map(\.name)
        #expect(names == ["user.kept"])
    }
}
