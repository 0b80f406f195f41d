package import BuildModel
package import Platform

extension LayerWriter {
    /// Writes what a step changed at and below a path, as the overlay's upper directory has it.
    ///
    /// - Parameters:
    ///   - changes: the upper directory.
    ///   - idBase: the host's id of the step's id 0.
    ///   - path: absolute; what is elsewhere is left out.
    /// - Returns: nil if nothing was changed there.
    /// - Throws: `BuildFailure`: `reserved_name` that names the file, `limit_exceeded`, `cancelled`, `system`.
    package static func writeLayer(
        changes: String,
        idBase: UInt32,
        of path: String,
        comment: String,
        settings: LayerSettings,
        cancellation: CancelFlag
    ) throws -> Layer? {
        let target = try LayerPath.absolute(path)
        let names = target.split(separator: LayerPath.slash).map(Array.init)
        guard let last = names.last else { throw LayerFailure.plan(path, "it has to be below the root") }
        var directory = try DirectoryHandle(path: changes)
        for name in names.dropLast() {
            guard try directory.status(of: name)?.kind == .directory else { return nil }
            directory = try directory.directory(name)
        }
        guard try directory.status(of: last) != nil else { return nil }
        let contents = try ChangedContents(settings, idBase: idBase, cancellation: cancellation)
        for ancestor in LayerPath.ancestors(of: target) where !StandardDirectories.contains(ancestor) {
            try contents.stream.append(.directory(ancestor, ownership: .root))
        }
        try contents.add(last, of: directory, at: target)
        return try contents.stream.finish(comment: comment).layer
    }
}

/// A layer while it is filled with changes.
private struct ChangedContents {
    let stream: LayerStream
    private let idBase: UInt32
    private let limit: Int64

    private static let whiteout = Array(".wh.".utf8)
    private static let opaque = Array(".wh..wh..opq".utf8)

    init(_ settings: LayerSettings, idBase: UInt32, cancellation: CancelFlag) throws(BuildFailure) {
        stream = try LayerStream(settings, cancellation: cancellation)
        self.idBase = idBase
        limit = settings.maximumBlobBytes
    }

    func add(_ name: [UInt8], of directory: DirectoryHandle, at path: [UInt8]) throws {
        guard let status = try directory.status(of: name) else { return }
        if status.kind == .whiteout {
            return try mark(Array(path.dropLast(name.count)) + Self.whiteout + name)
        }
        try LayerPath.checkName(name, in: path)
        switch status.kind {
        case .directory: try addDirectory(try directory.directory(name), status, at: path)
        case .file:
            let file = try directory.file(name)
            guard file.size <= limit else { throw LayerFailure.tooLarge(path, size: file.size, limit: limit) }
            let content = try Files.bytes(of: file)
            try stream.append(entry(.file, path, status, size: Int64(content.count)), content: content)
        case .symbolicLink:
            try stream.append(entry(.symbolicLink, path, status, link: try directory.linkTarget(of: name)))
        case .pipe, .socket, .device, .whiteout: break
        }
    }

    private func addDirectory(_ directory: DirectoryHandle, _ status: FileStatus, at path: [UInt8]) throws {
        try stream.append(entry(.directory, path, status))
        if try directory.isOpaque(.trusted) || directory.isOpaque(.user) {
            try mark(path + [LayerPath.slash] + Self.opaque)
        }
        for name in try directory.names() { try add(name, of: directory, at: path + [LayerPath.slash] + name) }
    }

    /// An empty file whose name says what is hidden: OCI image spec, layer.md, "Whiteouts".
    private func mark(_ path: [UInt8]) throws {
        try stream.append(.file(path, mode: 0o644, size: 0, ownership: .root))
    }

    private func entry(
        _ kind: TarEntry.Kind,
        _ path: [UInt8],
        _ status: FileStatus,
        size: Int64 = 0,
        link: [UInt8] = []
    ) -> TarEntry {
        TarEntry(
            kind: kind,
            path: path,
            mode: status.mode,
            ownership: FileOwnership(user: status.user &- idBase, group: status.group &- idBase),
            size: size,
            link: link
        )
    }
}
