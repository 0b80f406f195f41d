internal import BuildModel

/// Admits the entries of a walk one by one and refuses what a crafted tree could hide among them: paths that lead out,
/// names that appear twice, entries in places that are no directory.
struct TreeGuard {
    private struct OpenDirectory {
        var path: [UInt8]
        var names: Set<[UInt8]> = []
    }

    /// The directories from the root to the last entry.
    private var open = [OpenDirectory(path: [])]

    /// Checks an entry; directories have to come before what is in them.
    mutating func admit(_ entry: TreeEntry) throws(BuildFailure) {
        let (parent, name) = try split(entry.path)
        try LayerPath.checkName(name, in: entry.path)
        while open.count > 1 && open[open.count - 1].path != parent { open.removeLast() }
        guard open[open.count - 1].path == parent else {
            throw LayerFailure.unsafe(entry.path, "it is in a place that is no directory of the tree")
        }
        guard open[open.count - 1].names.insert(Array(name)).inserted else {
            throw LayerFailure.unsafe(entry.path, "its path appears twice")
        }
        if entry.kind == .directory { open.append(OpenDirectory(path: entry.path)) }
    }

    private func split(_ path: [UInt8]) throws(BuildFailure) -> (parent: [UInt8], name: ArraySlice<UInt8>) {
        guard let slash = path.lastIndex(of: LayerPath.slash) else { return ([], path[...]) }
        guard slash > 0 else { throw LayerFailure.unsafe(path, "its path is absolute") }
        return (Array(path[..<slash]), path[(slash + 1)...])
    }
}
