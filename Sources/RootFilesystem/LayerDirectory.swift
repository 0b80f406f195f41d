internal import BuildModel
internal import Platform

/// A directory in a layer that is being unpacked.
struct LayerDirectory {
    /// From the layer's root, free of links.
    var path: [[UInt8]]
    var handle: DirectoryHandle
}

/// What has to be known of a layer once all its entries are there.
struct LayerNotes {
    /// Directories within directories: no image needs more.
    static let deepest = 256
    /// Parts of all paths together: each takes eight bytes until the layer is finished.
    private static let maximumParts = 32_000_000
    private var parts = 0

    /// When directories were changed last, as the entries say: set at the very end.
    var times: [[[UInt8]]: FileTime] = [:]
    /// Directories without an entry of their own, made because something is in them: they look as the layers below have them.
    var implied: Set<[[UInt8]]> = [[]]
    /// What the layer deletes.
    var whiteouts: Set<[[UInt8]]> = []
    /// Bytes written.
    var bytes: Int64 = 0

    /// Counts a path that is kept.
    ///
    /// - Throws: `BuildFailure` with code `limit_exceeded` or `invalid_layer`.
    mutating func count(_ path: [[UInt8]]) throws(BuildFailure) {
        parts += path.count
        guard path.count <= Self.deepest else {
            throw UnpackFailure.tooDeep(Array(path.joined(separator: [47])), limit: Self.deepest)
        }
        guard parts <= Self.maximumParts else {
            throw UnpackFailure.tooLarge("parts of paths", limit: Int64(Self.maximumParts))
        }
    }
}

/// Finds the directory that an entry's path means, in a layer whose links may lead anywhere: they are followed as if the layer's root
/// were the root of everything. Makes what is missing. Confined to one thread.
final class DirectoryResolver {
    private let root: DirectoryHandle
    private let overlay: OverlayAttributes
    private let owners: LayerOwners
    /// The last answer; archives have most entries of a directory one after another.
    private var last: (parents: ArraySlice<[UInt8]>, directory: LayerDirectory)?

    init(root: DirectoryHandle, overlay: OverlayAttributes, owners: LayerOwners) {
        self.root = root
        self.owners = owners
        self.overlay = overlay
    }

    /// Forgets answers: something was removed.
    func forget() { last = nil }

    /// The directory at the path `parents` of the archive.
    ///
    /// - Parameter path: the entry's whole path, for the error.
    func directory(
        _ parents: ArraySlice<[UInt8]>,
        of path: [UInt8],
        notes: inout LayerNotes
    ) throws(BuildFailure) -> LayerDirectory {
        if let last, last.parents == parents { return last.directory }
        var way = [LayerDirectory(path: [], handle: root)]
        var rest = Array(parents.reversed())
        var links = 0
        while let name = rest.popLast() {
            if name == EntryPath.parent {
                if way.count > 1 { way.removeLast() }
                continue
            }
            let here = way[way.count - 1]
            if let target = try enter(name, from: here, into: &way, path, &notes) {
                links += 1
                guard links <= 40, rest.count < 4096 else {
                    throw UnpackFailure.invalid(path, "is behind too many links")
                }
                if EntryPath.isAbsolute(target) { way.removeSubrange(1...) }
                rest += EntryPath.split(target).reversed()
            }
        }
        let directory = way[way.count - 1]
        last = (parents, directory)
        return directory
    }

    /// Goes one step down.
    ///
    /// - Returns: the target if the name is a link, which is then not entered.
    private func enter(
        _ name: [UInt8],
        from here: LayerDirectory,
        into way: inout [LayerDirectory],
        _ path: [UInt8],
        _ notes: inout LayerNotes
    ) throws(BuildFailure) -> [UInt8]? {
        let below = here.path + [name]
        switch try here.handle.status(of: name)?.kind {
        case .directory: way.append(LayerDirectory(path: below, handle: try here.handle.directory(name)))
        case .symbolicLink: return try here.handle.linkTarget(of: name)
        case nil: way.append(try makeImplied(below, in: here, isOpaque: false, &notes))
        case .whiteout:
            try here.handle.remove(name)
            notes.whiteouts.remove(below)
            way.append(try makeImplied(below, in: here, isOpaque: true, &notes))
        default: throw UnpackFailure.invalid(path, "is in something that is no directory")
        }
        return nil
    }

    private func makeImplied(
        _ path: [[UInt8]],
        in parent: LayerDirectory,
        isOpaque: Bool,
        _ notes: inout LayerNotes
    ) throws(BuildFailure) -> LayerDirectory {
        let name = path[path.count - 1]
        try notes.count(path)
        _ = try parent.handle.makeDirectory(name)
        let handle = try parent.handle.directory(name)
        try handle.apply(owners.impliedDirectory)
        if isOpaque { try handle.set(overlay.opaque) } else { notes.implied.insert(path) }
        return LayerDirectory(path: path, handle: handle)
    }
}

extension FileAttributes {
    /// What a directory has that no layer says anything of.
    static let impliedDirectory = FileAttributes(mode: 0o755, user: 0, group: 0, modified: FileTime(seconds: 1))
}
