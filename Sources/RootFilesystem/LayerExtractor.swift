internal import BuildModel
internal import Platform

/// Puts the entries of one layer's archive into a directory of the layer's own, in the form that overlayfs wants.
///
/// Nothing that an entry says leads out of that directory. Confined to one thread.
final class LayerExtractor {
    let root: DirectoryHandle
    let overlay: OverlayAttributes
    let resolver: DirectoryResolver
    var notes = LayerNotes()

    init(root: DirectoryHandle, overlay: OverlayAttributes, owners: LayerOwners) {
        self.root = root
        self.overlay = overlay
        resolver = DirectoryResolver(root: root, overlay: overlay, owners: owners)
    }

    /// Adds the present entry of an archive.
    ///
    /// - Throws: `BuildFailure`: `invalid_layer` that names the entry, `system`.
    func add(_ entry: ArchiveEntry, from archive: ArchiveReader) throws(BuildFailure) {
        let components = try EntryPath.components(of: entry.path)
        guard let name = components.last else { return try addRoot(entry) }
        guard components.count <= LayerNotes.deepest else {
            throw UnpackFailure.tooDeep(entry.path, limit: LayerNotes.deepest)
        }
        let parents = components.dropLast()
        if parents.contains(where: EntryName.isReserved) {
            throw UnpackFailure.invalid(entry.path, "is in a directory whose name means a deleted file")
        }
        let meaning = try EntryName(name, in: entry.path)
        if case .bookkeeping = meaning { return }
        if case .other = entry.kind { return }
        let directory = try resolver.directory(parents, of: entry.path, notes: &notes)
        switch meaning {
        case .whiteout(let hidden): try hide(hidden, in: directory)
        case .opaque: try directory.handle.set(overlay.opaque)
        default: try add(entry, as: name, in: directory, from: archive)
        }
    }

    private func addRoot(_ entry: ArchiveEntry) throws(BuildFailure) {
        guard case .directory = entry.kind else { throw UnpackFailure.invalid(entry.path, "stands for the root") }
        try root.apply(entry.attributes)
        notes.implied.remove([])
        notes.times[[]] = entry.attributes.modified
    }

    private func add(
        _ entry: ArchiveEntry,
        as name: [UInt8],
        in directory: LayerDirectory,
        from archive: ArchiveReader
    ) throws(BuildFailure) {
        let handle = directory.handle
        let attributes = entry.attributes
        switch entry.kind {
        case .directory: try addDirectory(name, in: directory, attributes)
        case .file: try addFile(entry, as: name, in: directory, from: archive)
        case .symbolicLink(let target):
            guard !target.isEmpty else { throw UnpackFailure.invalid(entry.path, "is a link to nothing") }
            try replace(name, in: directory) { () throws(BuildFailure) in
                try handle.makeSymbolicLink(name, to: target)
            }
            try handle.apply(attributes, to: name, isLink: true)
        case .pipe:
            try replace(name, in: directory) { () throws(BuildFailure) in try handle.makePipe(name) }
            try handle.apply(attributes, to: name, isLink: false)
        case .hardLink(let target): try addHardLink(entry, to: target, as: name, in: directory)
        case .other: return
        }
    }

    private func addFile(
        _ entry: ArchiveEntry,
        as name: [UInt8],
        in directory: LayerDirectory,
        from archive: ArchiveReader
    ) throws(BuildFailure) {
        var made: NewFile?
        try replace(name, in: directory) { () throws(BuildFailure) in
            made = try directory.handle.makeFile(name)
            return made != nil
        }
        guard let file = made else { return }
        var end: Int64 = 0
        try unsafe archive.forEachBlock { (block, offset) throws(BuildFailure) in
            try unsafe file.write(block, at: offset)
            end = offset + Int64(block.count)
            notes.bytes += Int64(block.count)
        }
        if end < entry.size { try file.setSize(entry.size) }
        try file.apply(entry.attributes)
    }

    private func addHardLink(
        _ entry: ArchiveEntry,
        to target: [UInt8],
        as name: [UInt8],
        in directory: LayerDirectory
    ) throws(BuildFailure) {
        let components = try EntryPath.components(of: target)
        guard let other = components.last, !components.contains(where: EntryName.isReserved) else {
            throw UnpackFailure.invalid(entry.path, "is a hard link to something that cannot have one")
        }
        let holder = try resolver.directory(components.dropLast(), of: entry.path, notes: &notes)
        guard let status = try holder.handle.status(of: other), status.kind != .whiteout else {
            throw UnpackFailure.invalid(entry.path, "is a hard link to a file that is not in its layer before it")
        }
        guard status.kind != .directory else {
            throw UnpackFailure.invalid(entry.path, "is a hard link to a directory")
        }
        // A link to itself is there already, and must not be removed to make room for it.
        if holder.path == directory.path && other == name { return }
        try replace(name, in: directory) { () throws(BuildFailure) in
            try directory.handle.makeHardLink(name, to: other, in: holder.handle)
        }
    }

    /// Makes something that is no directory, in place of what an earlier entry of that name made.
    private func replace(
        _ name: [UInt8],
        in directory: LayerDirectory,
        _ make: () throws(BuildFailure) -> Bool
    ) throws(BuildFailure) {
        if try make() { return }
        try clear(name, in: directory)
        guard try make() else { throw UnpackFailure.invalid(name, "comes back when it is removed") }
    }

    func clear(_ name: [UInt8], in directory: LayerDirectory) throws(BuildFailure) {
        try directory.handle.remove(name)
        notes.whiteouts.remove(directory.path + [name])
        resolver.forget()
    }
}
