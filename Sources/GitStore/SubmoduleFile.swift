internal import BuildModel

/// A submodule that a revision has: what `.gitmodules` says of it, and the commit that its tree has in its place.
struct DeclaredSubmodule: Sendable, Hashable {
    var name: String
    var path: String
    /// As it is written: a URL, or a path that begins with `./` or `../` and stands beside the repository's own URL.
    var url: String
    var commit: ObjectID

    /// What a directory of the whole is in the submodule; nil for one beside it.
    func directory(_ directory: String) -> String? {
        if directory.isEmpty || path == directory || path.hasPrefix("\(directory)/") { return "" }
        return directory.hasPrefix("\(path)/") ? String(directory.dropFirst(path.count + 1)) : nil
    }
}

/// What `.gitmodules` says: gitmodules(5).
struct SubmoduleFile {
    private(set) var entries: [(name: String, path: String, url: String)] = []

    init(_ bytes: [UInt8]) {
        for section in ConfigurationText(bytes).sections where section.kind == "submodule" {
            guard let path = section.values["path"], let url = section.values["url"] else { continue }
            entries.append((section.name, path, url))
        }
    }
}

extension Repository {
    /// The submodules of a whole tree that `.gitmodules` has a URL for, in the order of their paths.
    ///
    /// A place of a submodule that is not declared stays one, which layers refuse by its name.
    func submodules(in root: ObjectID) throws -> [DeclaredSubmodule] {
        let tree = try ObjectTree(self, root: root, maximumBlobBytes: 1 << 20)
        guard let bytes = try tree.bytes(at: ".gitmodules", limit: 1 << 20) else { return [] }
        var found: [String: DeclaredSubmodule] = [:]
        // Each costs a look at every tree on its way; more than a revision may have are told of by whoever fetches them.
        for (name, path, url) in SubmoduleFile(bytes).entries.prefix(Self.mostDeclared) {
            guard found.count <= SubmoduleBudget.most else { break }
            guard found[path] == nil, let entry = try tree.entry(at: path), entry.kind == .submodule else { continue }
            found[path] = DeclaredSubmodule(name: name, path: path, url: url, commit: entry.objectID)
        }
        return found.values.sorted { $0.path < $1.path }
    }

    private static let mostDeclared = 1000

    /// The Git LFS server that a whole tree names: `lfs.url` of `.lfsconfig` (git-lfs-config(5)).
    func largeFileURL(in root: ObjectID) throws -> String? {
        let tree = try ObjectTree(self, root: root, maximumBlobBytes: 1 << 20)
        guard let bytes = try tree.bytes(at: ".lfsconfig", limit: 1 << 20) else { return nil }
        return ConfigurationText(bytes).sections.filter { $0.kind == "lfs" && $0.name.isEmpty }
            .compactMap { $0.values["url"] }.last
    }
}
