import BuildModel
import ImageBuild
import Testing

/// Attributes that would change files, and do not.
@Suite struct AttributeNotesTests {
    private func notes(_ text: String) throws -> [String] {
        try AttributeNotes.notes(of: InMemoryTree(items: [.file(".gitattributes", text)]))
    }

    @Test(
        "what would change files is told, each once, with the pattern that asks for it",
        arguments: [
            ("version.txt export-subst", "'.gitattributes', version.txt: 'export-subst'"),
            ("*.c ident", "'ident'"),
            ("*.bat text eol=crlf", "'eol=crlf'"),
            ("*.txt working-tree-encoding=UTF-16", "'working-tree-encoding'"),
            ("*.x filter=mine\n*.y filter=mine", "filters are not run"),
        ]
    )
    func told(text: String, part: String) throws {
        let notes = try notes(text)
        #expect(notes.count == 1)
        #expect(notes.first?.contains(part) == true)
    }

    @Test(
        "what changes nothing is not told",
        arguments: ["", "# * ident", "* text=auto", "*.sh eol=lf", "*.png binary"]
    )
    func quiet(text: String) throws {
        #expect(try notes(text) == [])
        #expect(try AttributeNotes.notes(of: InMemoryTree(items: [.file("a")])) == [])
    }

    private static let pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "a", count: 64))\nsize 5\n"

    @Test(
        "of Git LFS those pointers are told that the image has, whatever else was put in its place",
        arguments: [
            (["a.bin": pointer], "the image has the pointer 'a.bin'"),
            (["a.bin": pointer, "b.bin": "fetched", "c.txt": pointer], "the image has 2 pointers, "),
            (["a.bin": pointer, "c.txt": pointer], "the first 'a.bin'"),
            (["a.bin": "fetched", "b.bin": ""], nil),
            (["out/a.bin": pointer], nil),
            (["a.bin": pointer + String(repeating: "x", count: 1024)], nil),
            (["a.bin": "version https://git-lfs.github.com/spec/v1 is what pointers begin with"], nil),
        ] as [([String: String], String?)]
    )
    func pointers(files: [String: String], note: String?) throws {
        let items = files.sorted { $0.key < $1.key }.map { InMemoryTree.Item.file($0.key, $0.value) }
        let tree = { (attributes: String) in
            InMemoryTree(items: [.file(".dockerignore", "out"), .file(".gitattributes", attributes)] + items)
        }
        let notes = try AttributeNotes.notes(of: tree("*.bin filter=lfs diff=lfs merge=lfs -text"))
        #expect(notes.count == (note == nil ? 0 : 1))
        if let note { #expect(notes.allSatisfy { $0.hasPrefix("'.gitattributes', *.bin: ") && $0.contains(note) }) }
        #expect(try AttributeNotes.notes(of: tree("*.bin -text")).isEmpty, "nothing asks for Git LFS")
    }

    @Test("files in directories count, but for those that are kept out of the image")
    func nested() throws {
        let tree = InMemoryTree(items: [
            .file(".slipwayignore", "vendor\n"), .directory("docs"), .file("docs/.gitattributes", "*.pdf eol=crlf"),
            .directory("vendor"), .file("vendor/.gitattributes", "* ident"), .file("x.gitattributes", "* export-subst"),
        ])
        let notes = try AttributeNotes.notes(of: tree)
        #expect(notes.count == 1)
        #expect(notes.first?.hasPrefix("'docs/.gitattributes', *.pdf: 'eol=crlf'") == true)
    }

    @Test(
        "a file of attributes that is kept out counts where files that it is about are kept in",
        arguments: [
            (".git*", true), (".gitattributes", true), ("vendor/.gitattributes", true), ("*\n!vendor/a.c", true),
            ("**\n!vendor/a.c", true), ("vendor", false), ("vendor/**\nvendor", false), ("*\n!b.c", false),
        ]
    )
    func keptOut(rules: String, counts: Bool) throws {
        let tree = InMemoryTree(items: [
            .file(".dockerignore", rules), .file("b.c"), .directory("vendor"),
            .file("vendor/.gitattributes", "* ident"), .file("vendor/a.c"),
        ])
        #expect(try AttributeNotes.notes(of: tree).count == (counts ? 1 : 0))
        let top = InMemoryTree(items: [.file(".dockerignore", rules), .file(".gitattributes", "* ident"), .file("b.c")])
        #expect(try AttributeNotes.notes(of: top).count == 1)
    }

    @Test(
        "files above the root directory count, where their patterns may be about something in it",
        arguments: [
            ("*.c", true), ("apps/web/*.c", true), ("/apps/web/a", true), ("apps/*/x", true), ("apps/**", true),
            ("**/x.c", true), ("*", true), ("\"apps/web/a b\"", true), ("[attr]mine", true),
            ("apps/api/*.c", false), ("docs/*.c", false), ("apps/web", false), ("apps/*", false),
        ]
    )
    func above(pattern: String, counts: Bool) throws {
        let above = [".gitattributes": Array("\(pattern) ident\n".utf8)]
        let tree = InMemoryTree(items: [.file("a.c"), .file(".gitattributes", "*.bat eol=crlf")])
        let notes = try AttributeNotes.notes(of: tree, at: "apps/web", below: above)
        #expect(notes.contains { $0.hasPrefix("'.gitattributes', \(pattern.prefix(8))") } == counts)
        #expect(notes.contains { $0.hasPrefix("'apps/web/.gitattributes', *.bat") })
        let nearer = ["apps/.gitattributes": Array("web/*.c ident\napi/* export-subst".utf8)]
        #expect(try AttributeNotes.notes(of: tree, at: "apps/web", below: nearer).count == 2)
    }

    @Test("of more files than are looked at, it is told that they are not, which is refused where attributes are")
    func manyFiles() throws {
        func items(_ count: Int) -> [InMemoryTree.Item] {
            (0..<count).map { .file("\($0 + 1000)/.gitattributes", $0 == 0 ? "* ident" : "* text") }
        }
        #expect(try AttributeNotes.notes(of: InMemoryTree(items: items(1000))).count == 1)
        let notes = try AttributeNotes.notes(of: InMemoryTree(items: items(1001)))
        #expect(notes.contains { $0.hasPrefix("'1000/.gitattributes', *: 'ident'") })
        #expect(notes.contains { $0.hasPrefix("more than 1000 files '.gitattributes': no more are looked at") })
        let failure = #expect(throws: BuildFailure.self) { try AttributeNotes.check(notes, .refuse) }
        #expect(failure?.message.contains("more than 1000 files") == true)
    }

    @Test("where they are refused, the failure names the file, the pattern and the way out")
    func refused() throws {
        let tree = InMemoryTree(items: [.file(".gitattributes", "*.bin filter=lfs"), .file("a.bin", Self.pointer)])
        let notes = try AttributeNotes.notes(of: tree)
        #expect(throws: Never.self) { try AttributeNotes.check(notes, .tell) }
        let failure = #expect(throws: BuildFailure.self) { try AttributeNotes.check(notes, .refuse) }
        #expect(failure?.code == .attributesUnsupported)
        #expect(failure?.message.contains("'.gitattributes', *.bin") == true)
        #expect(failure?.message.contains("layers.attributes") == true)
        #expect(throws: Never.self) { try AttributeNotes.check([], .refuse) }
    }
}
