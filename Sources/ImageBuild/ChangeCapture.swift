internal import BuildModel
internal import Platform

/// Goes through the upper directory of an overlay and writes what it finds below the outputs.
///
/// The tree was written by somebody else: every name is taken relative to an open directory, and no link is followed. Confined to one
/// thread.
struct ChangeCapture {
    private static let maximumEntries = 4_000_000
    /// Names in a path: whoever stands on the layer unpacks no more.
    private static let deepest = 256
    /// Names of a directory are sorted in memory.
    private static let maximumNames = 500_000

    private let changes: OverlayChanges
    private let stream: LayerStream
    private let upper: DirectoryHandle
    private let view: OverlayView
    /// What is there without the changes.
    private let below: OverlayView
    private let excluded: Set<[[UInt8]]>
    private let records: ChangeRecords
    /// Directories that are in the layer because something in them is.
    private var leading: Set<[[UInt8]]> = []
    /// The first path of each file that has several.
    private var firstPaths: [FileIdentity: [UInt8]] = [:]
    private(set) var entries = 0
    private(set) var sockets = LeftOutSockets()
    /// Of all files, holes included.
    private var bytes: Int64 = 0

    init(_ changes: OverlayChanges, into stream: LayerStream) throws(BuildFailure) {
        self.changes = changes
        self.stream = stream
        upper = try DirectoryHandle(path: changes.upper)
        var lowers: [DirectoryHandle] = []
        for path in changes.lowers { lowers.append(try DirectoryHandle(path: path)) }
        view = OverlayView([upper] + lowers, attributes: changes.overlay)
        below = OverlayView(lowers, attributes: changes.overlay)
        var paths: Set<[[UInt8]]> = []
        for path in changes.excluded { paths.insert(try OutputPath.components(path)) }
        excluded = paths
        records = try ChangeRecords(firstID: changes.firstID, idCount: changes.idCount, writable: changes.writable)
    }

    /// Writes all outputs.
    ///
    /// - Returns: those that are nowhere.
    mutating func run() throws -> [String] {
        var missing: [String] = []
        var paths: [[[UInt8]]] = []
        for output in changes.outputs {
            let path = try OutputPath.resolve(output, in: view)
            if !path.isEmpty, try view.place(at: path) == nil { missing.append(output) }
            paths.append(path)
        }
        paths.sort { $0.lexicographicallyPrecedes($1) { $0.lexicographicallyPrecedes($1) } }
        var last: [[UInt8]]?
        for path in paths {
            // What is in an output before it, or is it again, is written already.
            if let last, path.starts(with: last) { continue }
            last = path
            try add(output: path)
        }
        return missing
    }

    private mutating func add(output path: [[UInt8]]) throws {
        guard let name = path.last else { return try addChildren(of: OpenDirectory(handle: upper, path: [])) }
        var way: [(parent: DirectoryHandle, status: FileStatus)] = []
        var directory = upper
        var hidesBelow = false
        guard !excluded.contains(path) else { return }
        for component in path.dropLast() {
            let status = try directory.status(of: component)
            guard let status, status.kind == .directory else {
                // Unchanged, unless something above it was removed or replaced: then the output is gone.
                if hidesBelow || status != nil { try hide(output: path, way: way) }
                return
            }
            way.append((directory, status))
            directory = try directory.directory(component)
            hidesBelow = try hidesBelow || directory.isOpaque(changes.overlay)
        }
        guard let status = try directory.status(of: name) else {
            if hidesBelow { try hide(output: path, way: way) }
            return
        }
        try append(leading: way, to: path)
        let parent = OpenDirectory(handle: directory, path: Array(path.dropLast()))
        if let child = try addEntry(name, status, in: parent, hidesBelow: hidesBelow) { try addChildren(of: child) }
    }

    /// Writes that an output is gone, if there was one. What else was in the directory that is gone is no output.
    private mutating func hide(output path: [[UInt8]], way: [(parent: DirectoryHandle, status: FileStatus)]) throws {
        guard let name = path.last, try below.place(at: path) != nil else { return }
        try append(leading: way, to: path)
        try addWhiteout(name, in: path.dropLast())
    }

    private mutating func append(
        leading way: [(parent: DirectoryHandle, status: FileStatus)],
        to path: [[UInt8]]
    ) throws {
        for (depth, step) in way.enumerated() {
            let leadingPath = Array(path.prefix(depth + 1))
            guard leading.insert(leadingPath).inserted else { continue }
            try append(try records.entry(.directory, leadingPath, step.status, in: step.parent))
        }
    }

    /// A directory on the way down, with the names in it that are still to be looked at.
    private struct OpenDirectory {
        var handle: DirectoryHandle
        var path: [[UInt8]]
        /// Last first.
        var names: [[UInt8]] = []
    }

    /// Without recursion: whoever wrote the tree chose its depth.
    private mutating func addChildren(of top: OpenDirectory) throws {
        var way = [try opened(top)]
        while let last = way.indices.last {
            guard let name = way[last].names.popLast() else {
                way.removeLast()
                continue
            }
            guard let status = try way[last].handle.status(of: name), status.kind != .whiteout else { continue }
            if let child = try addEntry(name, status, in: way[last]) { way.append(try opened(child)) }
        }
    }

    /// Reads a directory's names, and writes at once what it deletes: whiteouts stand before what they could be taken to hide.
    private mutating func opened(_ directory: OpenDirectory) throws -> OpenDirectory {
        var directory = directory
        let names = try directory.handle.names(limit: Self.maximumNames)
        for name in names where !excluded.contains(directory.path + [name]) {
            if try directory.handle.status(of: name)?.kind == .whiteout { try addWhiteout(name, in: directory.path) }
        }
        directory.names = names.reversed()
        return directory
    }

    /// Writes one entry.
    ///
    /// - Returns: the directory to go into, if it is one.
    private mutating func addEntry(
        _ name: [UInt8],
        _ status: FileStatus,
        in parent: OpenDirectory,
        hidesBelow: Bool = false
    ) throws -> OpenDirectory? {
        let path = parent.path + [name]
        if excluded.contains(path) { return nil }
        guard path.count <= Self.deepest else { throw LayerFailure.tooDeep(path, limit: Self.deepest) }
        switch status.kind {
        case .whiteout: try addWhiteout(name, in: parent.path)
        case .socket: sockets.count(path)
        case .directory:
            try append(try records.entry(.directory, path, status, in: parent.handle))
            let handle = try parent.handle.directory(name)
            if try hidesBelow || handle.isOpaque(changes.overlay) { try append(whiteout: path + [OutputPath.opaque]) }
            return OpenDirectory(handle: handle, path: path)
        case .file, .pipe:
            if let first = firstPath(of: status, at: path) {
                try append(try records.entry(.hardLink, path, status, in: parent.handle, link: first))
            } else if status.kind == .pipe {
                try append(try records.entry(.pipe, path, status, in: parent.handle))
            } else {
                try addFile(path, in: parent.handle, status)
            }
        case .symbolicLink:
            let target = try parent.handle.linkTarget(of: name)
            try append(try records.entry(.symbolicLink, path, status, in: parent.handle, link: target))
        case .device: throw LayerFailure.unsafe(OutputPath.joined(path), "it is a device")
        }
        return nil
    }

    /// The path under which a file with several names is in the layer already; nil for its first.
    private mutating func firstPath(of status: FileStatus, at path: [[UInt8]]) -> [UInt8]? {
        guard status.links > 1 else { return nil }
        if let first = firstPaths[status.identity] { return first }
        firstPaths[status.identity] = OutputPath.joined(path)
        return nil
    }

    private mutating func addFile(_ path: [[UInt8]], in parent: DirectoryHandle, _ status: FileStatus) throws {
        let content = try parent.file(path[path.count - 1])
        bytes = bytes.addingWithoutOverflow(content.size)
        guard bytes <= changes.maximumBytes else { throw LayerFailure.tooMuch(limit: changes.maximumBytes) }
        var entry = try records.entry(.file, path, status, in: parent)
        entry.size = content.size
        try count()
        try stream.append(entry, file: content)
    }

    private mutating func addWhiteout(_ name: [UInt8], in directory: [[UInt8]]) throws {
        try LayerPath.checkName(name, in: OutputPath.joined(directory + [name]))
        try append(whiteout: directory + [OutputPath.whiteout(name)])
    }

    private mutating func append(whiteout path: [[UInt8]]) throws {
        try append(.file(OutputPath.joined(path), mode: 0, size: 0, ownership: .root))
    }

    private mutating func append(_ entry: TarEntry) throws {
        try count()
        try stream.append(entry)
    }

    private mutating func count() throws(BuildFailure) {
        entries += 1
        guard entries <= Self.maximumEntries else { throw LayerFailure.tooManyFiles(limit: Self.maximumEntries) }
    }
}
