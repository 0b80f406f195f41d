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
            ("*.bin filter=lfs diff=lfs merge=lfs -text", "'.gitattributes', *.bin: Git LFS"),
            ("version.txt export-subst", "'export-subst'"),
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
        arguments: ["", "# *.bin filter=lfs", "* text=auto", "*.sh eol=lf", "*.png binary"]
    )
    func quiet(text: String) throws {
        #expect(try notes(text) == [])
        #expect(try AttributeNotes.notes(of: InMemoryTree(items: [.file("a")])) == [])
    }

    @Test("files in directories count, but for those that are kept out of the image")
    func nested() throws {
        let tree = InMemoryTree(items: [
            .file(".slipwayignore", "vendor\n"), .directory("docs"), .file("docs/.gitattributes", "*.pdf filter=lfs"),
            .directory("vendor"), .file("vendor/.gitattributes", "* ident"), .file("x.gitattributes", "* export-subst"),
        ])
        let notes = try AttributeNotes.notes(of: tree)
        #expect(notes.count == 1)
        #expect(notes.first?.hasPrefix("'docs/.gitattributes', *.pdf: Git LFS") == true)
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

    @Test("where they are refused, the failure names the file, the pattern and the way out")
    func refused() throws {
        let tree = InMemoryTree(items: [.file(".gitattributes", "*.bin filter=lfs"), .file("a.bin", "version")])
        let failure = #expect(throws: BuildFailure.self) { try AttributeNotes.notes(of: tree, .refuse) }
        #expect(failure?.code == .attributesUnsupported)
        #expect(failure?.message.contains("'.gitattributes', *.bin") == true)
        #expect(failure?.message.contains("layers.attributes") == true)
        #expect(try AttributeNotes.notes(of: InMemoryTree(items: [.file("a")]), .refuse) == [])
    }
}
