import BuildModel
import Platform
import RootFilesystem
import TestSupport
import Testing

@Suite("Layers on top of one another")
struct StackTests {
    /// Layers, lowest first, and what umoci makes of them.
    struct Stack: Sendable, CustomStringConvertible {
        var description: String
        var layers: [[CraftedTar.Entry]]
    }

    private static let base: [CraftedTar.Entry] = [
        .init(.directory, "d", mode: 0o1777, owner: 7), .init(.file, "d/one", content: "1"),
        .init(.file, "d/two", content: "2"), .init(.directory, "d/sub", mode: 0o700, owner: 8),
        .init(.file, "d/sub/deep", content: "3"), .init(.file, "f", content: "4"),
        .init(.link, "l", to: "d"),
    ]

    static let all: [Stack] = [
        .init(description: "a file deleted", layers: [base, [.init(.file, "d/.wh.one")]]),
        .init(description: "a directory deleted", layers: [base, [.init(.file, ".wh.d")]]),
        .init(
            description: "a directory emptied",
            layers: [base, [.init(.file, "d/.wh..wh..opq"), .init(.file, "d/new")]]
        ),
        .init(
            description: "a directory deleted and made again",
            layers: [base, [.init(.file, ".wh.d"), .init(.directory, "d", mode: 0o711), .init(.file, "d/new")]]
        ),
        .init(
            description: "a file deleted and made again",
            layers: [base, [.init(.file, ".wh.f"), .init(.file, "f", content: "new")]]
        ),
        .init(description: "a file in place of a directory", layers: [base, [.init(.file, "d", content: "new")]]),
        .init(
            description: "a directory in place of a file",
            layers: [base, [.init(.directory, "f"), .init(.file, "f/new")]]
        ),
        .init(
            description: "parents without entries keep owner and mode",
            layers: [base, [.init(.file, "d/sub/new"), .init(.file, "x/y/z")]]
        ),
        .init(
            description: "what was never there, deleted",
            layers: [base, [.init(.file, "d/.wh.never"), .init(.file, "n/.wh.never"), .init(.file, "n/f")]]
        ),
        .init(description: "deleted at the bottom", layers: [[.init(.file, "d/.wh.x"), .init(.file, "d/f")], base]),
        .init(
            description: "deleted twice, made in between",
            layers: [
                base, [.init(.file, "d/.wh.one")], [.init(.file, "d/one", content: "b")], [.init(.file, "d/.wh.one")],
            ]
        ),
        .init(
            description: "deleted in an emptied directory",
            layers: [base, [.init(.file, "d/.wh..wh..opq"), .init(.file, "d/.wh.one"), .init(.file, "d/new")]]
        ),
        .init(
            description: "names of every kind",
            layers: [
                [
                    .init(.file, "gr\u{fc}n"), .init(.file, "gru\u{308}n"), .init(.file, "with space\u{1}and more"),
                    .init(.file, String(repeating: "long/", count: 60) + String(repeating: "n", count: 255)),
                    .init(.pipe, "pipe", mode: 0o622), .init(.file, "old", mode: 0o4755, owner: 3_000_000),
                    .init(.hardLink, "again", to: "old"),
                ]
            ]
        ),
        .init(
            description: "attributes",
            layers: [
                [
                    .init(
                        .file,
                        "ping",
                        records: [
                            "SCHILY.xattr.security.capability": "\u{1}\0\0\u{2}\0\u{20}\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                        ]
                    ),
                    .init(.directory, "d", records: ["SCHILY.xattr.user.note": "text"]),
                ],
                [.init(.file, "d/f")],
            ]
        ),
    ]

    @Test("look as umoci unpacks them", arguments: all)
    func likeUmoci(stack: Stack) async throws {
        let fixture = try Fixture()
        let layout = fixture.scratch("layout")
        try await Command.output(["umoci", "init", "--layout", layout])
        try await Command.output(["umoci", "new", "--image", "\(layout):t"])
        var layers: [FilesystemLayer] = []
        for (index, entries) in stack.layers.enumerated() {
            let tar = try await CraftedTar.bytes(entries)
            layers.append(Fixture.layer(tar: tar))
            let file = fixture.scratch("\(index).tar")
            try Files.writeAtomically(tar, to: file)
            try await Command.output(["umoci", "raw", "add-layer", "--image", "\(layout):t", file])
        }
        let lease = try await fixture.store.lease(layers)
        let ours = try await TreeListing.lines(ofOverlay: lease.lowerDirectories)
        try await Command.output(["umoci", "unpack", "--image", "\(layout):t", fixture.scratch("bundle")])
        let theirs = try await TreeListing.lines(of: fixture.scratch("bundle/rootfs"))
        #expect(ours == theirs, "\(Set(ours).symmetricDifference(theirs).sorted())")
    }
}
