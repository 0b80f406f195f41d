import BuildModel
import ImageBuild
import Platform
import TestSupport
import Testing

/// What files of a directory outside git have beyond what git keeps of them.
@Suite("Details of a source outside git") struct SourceDetailTests {
    private func tree(_ rules: String = "") -> InMemoryTree {
        var tree = InMemoryTree(items: [
            .file(".dockerignore", rules), .executable("a", "tool"), .directory("bin"), .executable("bin/b", "tool"),
            .executable("bin/c", "tool"), .directory("none"), .file("secret", "x"),
        ])
        let tool = SourceDetails.Entry(
            mode: 0o4755,
            attributes: [DirectoryHeader.Attribute(name: "user.k", value: Array("v".utf8))],
            firstName: Array("a".utf8)
        )
        let entries: [String: SourceDetails.Entry] = [
            "a": tool, "bin/b": tool, "bin/c": tool, "none": .init(mode: 0o1777), "secret": .init(mode: 0o600),
            "bin": .init(mode: 0o750),
        ]
        tree.details = SourceDetails(Dictionary(uniqueKeysWithValues: entries.map { (Array($0.utf8), $1) }))
        return tree
    }

    /// Each entry below the app's directory, as GNU tar lists it: mode, owner, size, name and link.
    private func lines(of layer: Layer) async throws -> [String] {
        let words = ["tar", "--numeric-owner", "-tvzf", "-"]
        let listed = try await Command.output(words, input: try LayerFixture.bytes(of: layer)).lines
        return listed.compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 5, words[5] != "app/", words[5] != "app/.dockerignore" else { return nil }
            return ([words[0], words[2]] + words[5...]).joined(separator: " ")
        }
    }

    @Test("modes, empty directories, attributes and names of one file are in the layer")
    func whole() async throws {
        let layer = try LayerFixture.layer(tree())
        #expect(
            try await lines(of: layer) == [
                "-rwsr-xr-x 4 app/a", "drwxr-x--- 0 app/bin/", "hrwsr-xr-x 0 app/bin/b link to app/a",
                "hrwsr-xr-x 0 app/bin/c link to app/a", "drwxrwxrwt 0 app/none/", "-rw------- 1 app/secret",
            ]
        )
        let tar = try await LayerFixture.tar(of: layer)
        let lines = String(decoding: tar, as: UTF8.self).split(separator: "\n")
        #expect(lines.count { $0.hasSuffix("SCHILY.xattr.user.k=v") } == 1)
    }

    @Test("a file whose first name stays out is whole under the next one")
    func keptOut() async throws {
        let lines = try await lines(of: try LayerFixture.layer(tree("a\n")))
        #expect(lines.contains("-rwsr-xr-x 4 app/bin/b"))
        #expect(lines.contains("hrwsr-xr-x 0 app/bin/c link to app/bin/b"))
    }

    @Test("other details are another layer's key, and none are those of a commit")
    func key() throws {
        let settings = LayerFixture.settings()
        let keys = try [nil, Digest(of: "a"), Digest(of: "b")].map {
            try LayerKey(tree: tree().id, details: $0, at: "/app", settings: settings)
        }
        #expect(Set(keys).count == 3)
        #expect(keys[0] == (try LayerKey(tree: tree().id, at: "/app", settings: settings)))
    }
}
