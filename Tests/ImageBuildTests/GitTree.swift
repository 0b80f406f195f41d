import BuildModel
import TestSupport

/// A tree that git itself keeps in a bare repository, for comparing our layers with what git makes of it.
struct GitTree {
    let repository: String
    let tree: InMemoryTree

    /// Makes a repository of one commit, by `git fast-import`, which takes any path that git can hold.
    init(_ items: [InMemoryTree.Item], in scratch: Scratch) async throws {
        repository = scratch("repository.git")
        try await Command.output(["git", "init", "-q", "--bare", "-b", "main", repository])
        try await Command.output(
            ["git", "-C", repository, "-c", "core.compression=0", "fast-import", "--quiet"],
            input: Self.importStream(items)
        )
        tree = try await Self.read(repository)
    }

    /// A tar of the tree below `app/`, by `git archive`, with the modes that git stands for.
    func archive(to path: String) async throws {
        try await Command.output([
            "git", "-C", repository, "-c", "tar.umask=0022", "archive", "--format=tar", "--prefix=app/", "-o", path,
            "main",
        ])
    }

    private static func importStream(_ items: [InMemoryTree.Item]) -> [UInt8] {
        var stream = Array("commit refs/heads/main\ncommitter T <t@example.org> 1700000000 +0000\ndata 1\nx\n".utf8)
        for item in items where item.kind != .directory {
            let mode =
                switch item.kind {
                case .executable: "100755"
                case .symbolicLink: "120000"
                default: "100644"
                }
            stream += Array("M \(mode) inline \"\(quoted(item.path))\"\ndata \(item.content.count)\n".utf8)
            stream += item.content + [10]
        }
        return stream
    }

    /// Every byte as an octal escape.
    private static func quoted(_ path: [UInt8]) -> String {
        path.map { byte in
            let octal = String(byte, radix: 8)
            return "\\" + String(repeating: "0", count: 3 - octal.count) + octal
        }.joined()
    }

    private static func read(_ repository: String) async throws -> InMemoryTree {
        let listing = try await Command.output(["git", "-C", repository, "ls-tree", "-r", "-t", "-z", "main"]).output
        let entries = try listing.split(separator: 0).map(parse)
        let blobs = entries.filter { $0.kind != .directory }
        let names = blobs.map { "\($0.objectID)\n" }.joined()
        var rest = try await Command.output(
            ["git", "-C", repository, "cat-file", "--batch"],
            input: Array(names.utf8)
        ).output[...]
        return InMemoryTree(
            items: try entries.map { entry in
                guard entry.kind != .directory else { return .init(kind: .directory, path: entry.path) }
                let line = rest.prefix { $0 != 10 }
                let size = try number(line.split(separator: 32).last)
                rest = rest.dropFirst(line.count + 1)
                defer { rest = rest.dropFirst(size + 1) }
                return .init(kind: entry.kind, path: entry.path, content: Array(rest.prefix(size)))
            }
        )
    }

    private static func number(_ text: ArraySlice<UInt8>?) throws -> Int {
        guard let text, let number = Int(String(decoding: text, as: UTF8.self)) else { throw InMemoryTree.Missing() }
        return number
    }

    /// `100644 blob <id>\t<path>`.
    private static func parse(_ line: ArraySlice<UInt8>) throws -> TreeEntry {
        let words = String(decoding: line.prefix { $0 != 9 }, as: UTF8.self).split(separator: " ")
        let kinds: [Substring: TreeEntry.Kind] = [
            "040000": .directory, "100644": .file, "100755": .executable, "120000": .symbolicLink, "160000": .submodule,
        ]
        guard let mode = words.first, let kind = kinds[mode], let id = words.last.flatMap({ ObjectID(hex: String($0)) })
        else { throw InMemoryTree.Missing() }
        return TreeEntry(kind: kind, path: Array(line.drop { $0 != 9 }.dropFirst()), objectID: id, size: 0)
    }
}
