internal import BuildModel
internal import Platform

/// Writes the files of a source tree that a step is to see, as one more lower directory: owned by root, with one time for all.
///
/// Names come from whoever made the tree: each is checked, and every file is made in a directory that this made, by its handle.
struct SourceFiles {
    /// The first time that zip archives know: tools that pack files refuse earlier ones.
    static let time = FileTime(seconds: 315_532_800)

    /// What a name takes of the disk at least, whatever is in the file.
    private static let block: Int64 = 4096

    private let inputs: WantedInputs
    private let ownerID: UInt32
    private let cancellation: CancelFlag
    private let limit: Int64
    /// Bytes of the disk that may still be taken.
    private var room: Int64
    /// The directories from the root of what is written down to where the last entry was.
    private var path: [(name: [UInt8], handle: DirectoryHandle)]
    private let details: SourceDetails
    /// How many names lead to the tree's root.
    private let depth: Int
    /// Where files with several names were written, by their first names in the tree.
    private var written: [[UInt8]: [[UInt8]]] = [:]

    /// Writes what `inputs` name of a tree.
    ///
    /// - Parameters:
    ///   - directory: an existing, empty directory of the node; becomes the root of what the step sees.
    ///   - limit: bytes of the node's disk that may be taken.
    ///   - place: the absolute path in the sandbox that the tree's root is put at.
    ///   - ownerID: the owner on disk of what belongs to root in the step.
    /// - Throws: `BuildFailure` with code `unsafe_path` or `limit_exceeded` that names the entry; what the tree and the file system throw.
    static func write(
        _ tree: any StoredTree,
        _ inputs: StepInputs,
        at place: String,
        into directory: String,
        ownerID: UInt32,
        limit: Int64,
        cancellation: CancelFlag
    ) throws {
        let root = try DirectoryHandle(path: directory)
        let parents = SandboxPath.names(place)
        let details = (tree.details, parents.count)
        var files = SourceFiles(inputs, details, root: root, ownerID: ownerID, limit: limit, cancellation: cancellation)
        guard parents.allSatisfy(isSafe) else { throw unsafe("a step's directory", place) }
        try files.enter(parents)
        try tree.walk { entry in try files.add(entry, of: tree, below: parents) }
        try files.leave(keeping: 0)
        try root.apply(files.attributes(0o755))
    }

    private init(
        _ inputs: StepInputs,
        _ details: (SourceDetails, depth: Int),
        root: DirectoryHandle,
        ownerID: UInt32,
        limit: Int64,
        cancellation: CancelFlag
    ) {
        self.inputs = WantedInputs(inputs)
        (self.details, depth) = details
        self.ownerID = ownerID
        (self.limit, room) = (limit, limit)
        self.cancellation = cancellation
        path = [([], root)]
    }

    private mutating func add(
        _ entry: TreeEntry,
        of tree: any StoredTree,
        below parents: [[UInt8]]
    ) throws -> WalkDirective {
        guard !cancellation.isSet else { throw BuildFailure.cancelled(operation: "steps.inputs") }
        switch inputs.judge(entry.path) {
        case .no: return .skipDescendants
        case .partly: return .proceed
        case .yes: break
        }
        let names = entry.path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        guard let name = names.last, names.allSatisfy(Self.isSafe) else { throw Self.unsafe(entry) }
        room -= max(Self.block, entry.size.addingWithoutOverflow(Self.block))
        guard room >= 0 else { throw tooMuch(entry) }
        try enter(parents + names.dropLast())
        guard let directory = path.last?.handle else { return .proceed }
        switch entry.kind {
        case .directory: try enter(parents + names)
        case .submodule: break
        case .file: try write(entry, of: tree, mode: 0o644, name, in: directory)
        case .executable: try write(entry, of: tree, mode: 0o755, name, in: directory)
        case .symbolicLink: try link(entry, of: tree, name, in: directory)
        }
        return .proceed
    }

    private mutating func write(
        _ entry: TreeEntry,
        of tree: any StoredTree,
        mode: UInt32,
        _ name: [UInt8],
        in directory: DirectoryHandle
    ) throws {
        if let first = details.entries[entry.path]?.firstName {
            guard let names = written[first] else {
                written[first] = path.dropFirst().map(\.name) + [name]
                return try writeContent(of: entry, of: tree, mode: mode, name, in: directory)
            }
            let parent = try names.dropLast().reduce(path[0].handle) { try $0.directory($1) }
            let isMade = try directory.makeHardLink(name, to: names[names.count - 1], in: parent)
            guard isMade else { throw Self.unsafe(entry) }
            return
        }
        try writeContent(of: entry, of: tree, mode: mode, name, in: directory)
    }

    private func writeContent(
        of entry: TreeEntry,
        of tree: any StoredTree,
        mode: UInt32,
        _ name: [UInt8],
        in directory: DirectoryHandle
    ) throws {
        guard let file = try directory.makeFile(name) else { throw Self.unsafe(entry) }
        var offset: Int64 = 0
        try unsafe tree.blobs.forEachPiece(of: entry.objectID, size: entry.size) { piece in
            guard !cancellation.isSet else { throw BuildFailure.cancelled(operation: "steps.inputs") }
            try unsafe file.write(piece, at: offset)
            offset += Int64(piece.count)
        }
        // Nobody on the node is to become root by a file of a source.
        try file.apply(attributes(mode, of: entry.path, mask: 0o1777))
    }

    private func link(
        _ entry: TreeEntry,
        of tree: any SourceTree,
        _ name: [UInt8],
        in directory: DirectoryHandle
    ) throws {
        let target = try tree.withContent(of: entry, limit: 4095) { span in span.withUnsafeBytes { Array($0) } }
        guard !target.isEmpty, !target.contains(0), try directory.makeSymbolicLink(name, to: target) else {
            throw Self.unsafe(entry)
        }
        try directory.apply(attributes(0o777), to: name, isLink: true)
    }

    /// Goes to a directory, and makes what is missing on the way.
    private mutating func enter(_ names: [[UInt8]]) throws {
        var common = 0
        while common < names.count, common + 1 < path.count, path[common + 1].name == names[common] { common += 1 }
        try leave(keeping: common)
        for name in names[common...] {
            guard let parent = path.last?.handle else { return }
            _ = try parent.makeDirectory(name)
            path.append((name, try parent.directory(name)))
        }
    }

    /// Closes directories, whose times change no more from now on.
    private mutating func leave(keeping count: Int) throws {
        while path.count > count + 1, let last = path.last {
            let names = details.entries.isEmpty ? [] : path.dropFirst(depth + 1).map(\.name)
            // Who has written the directory removes it again.
            let place = Array(names.joined(separator: [Self.slash]))
            try last.handle.apply(attributes(0o755, of: place, mask: 0o7777, least: 0o700))
            path.removeLast()
        }
    }

    private static let slash = UInt8(ascii: "/")

    /// - Parameter place: in the tree, which may know more than the kind of what is there.
    private func attributes(
        _ mode: UInt32,
        of place: [UInt8] = [],
        mask: UInt32 = 0o777,
        least: UInt32 = 0
    ) -> FileAttributes {
        let entry = details.entries[place]
        let mode = (entry?.mode ?? mode) & mask | least
        var attributes = FileAttributes(mode: mode, user: ownerID, group: ownerID, modified: Self.time)
        for found in entry?.attributes ?? [] where found.name != ExtendedAttribute.fileCapability {
            attributes.extended.append(ExtendedAttribute(name: found.name, value: found.value))
        }
        return attributes
    }

    private static func isSafe(_ name: [UInt8]) -> Bool {
        !name.isEmpty && name != [46] && name != [46, 46] && !name.contains(0)
    }

    private func tooMuch(_ entry: TreeEntry) -> BuildFailure {
        BuildFailure(
            .code,
            .limitExceeded,
            operation: "steps.inputs",
            message: "What a step sees of the source takes more than its disk of \(ByteCount.text(limit)), from "
                + "'\(entry.displayPath)' on. Name fewer inputs, or give the step a larger disk."
        )
    }

    private static func unsafe(_ entry: TreeEntry) -> BuildFailure {
        unsafe("an entry of the source", entry.displayPath)
    }

    private static func unsafe(_ what: String, _ path: String) -> BuildFailure {
        BuildFailure(
            .code,
            BuildFailure.Code(rawValue: "unsafe_path"),
            operation: "steps.inputs",
            message: "This cannot be written for a step, \(what): '\(path)'."
        )
    }
}
