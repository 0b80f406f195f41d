internal import BuildModel
internal import Platform

/// Turns what the file system says of a changed file into a tar entry: owners as the sandbox saw them, attributes as an image has them.
struct ChangeRecords {
    /// Bytes of attributes that a file may have; file systems rarely hold more.
    private static let maximumAttributes = 256 << 10

    let firstID: UInt32
    let idCount: UInt32
    /// What the app may write to, and its group.
    private let writable: [[[UInt8]]]
    private let group: UInt32

    init(firstID: UInt32, idCount: UInt32, writable: WritableDirectories?) throws(BuildFailure) {
        self.firstID = firstID
        self.idCount = idCount
        var paths: [[[UInt8]]] = []
        for path in writable?.paths ?? [] { paths.append(try OutputPath.components(path)) }
        self.writable = paths
        group = writable?.group ?? 0
    }

    /// - Parameter link: a symbolic link's target, or the path of the file that a hard link is.
    /// - Throws: `BuildFailure` with code `reserved_name` or `unsafe_path` that names the file.
    func entry(
        _ kind: TarEntry.Kind,
        _ path: [[UInt8]],
        _ status: FileStatus,
        in directory: DirectoryHandle,
        link: [UInt8] = []
    ) throws(BuildFailure) -> TarEntry {
        let joined = OutputPath.joined(path)
        let name = path[path.count - 1]
        try LayerPath.checkName(name, in: joined)
        guard joined.count <= LayerPath.maximumPath else {
            throw LayerFailure.unsafe(joined, "its path is over \(LayerPath.maximumPath) bytes long")
        }
        let ownership = FileOwnership(
            user: try mapped(status.user, joined),
            group: try mapped(status.group, joined)
        )
        let mode = kind == .symbolicLink ? 0o777 : status.mode
        var entry = TarEntry(kind: kind, path: joined, mode: mode, ownership: ownership, link: link)
        // A file with several names has the same mode under all of them, be they in what the app may write to or not.
        let isShared = kind != .directory && status.links > 1
        if !isShared, kind != .symbolicLink, writable.contains(where: { path.starts(with: $0) }) {
            entry.letWrite(group)
        }
        if kind != .hardLink { entry.attributes = try attributes(of: name, in: directory, joined) }
        return entry
    }

    private func mapped(_ id: UInt32, _ path: [UInt8]) throws(BuildFailure) -> UInt32 {
        guard id >= firstID, id - firstID < idCount else {
            throw LayerFailure.unsafe(path, "its owner \(id) is none of the sandbox's")
        }
        return id - firstID
    }

    private func attributes(
        of name: [UInt8],
        in directory: DirectoryHandle,
        _ path: [UInt8]
    ) throws(BuildFailure) -> [ExtendedAttribute] {
        let found = try directory.extendedAttributes(of: name, where: ExtendedAttribute.isPortable)
        var attributes: [ExtendedAttribute] = []
        for attribute in found {
            let isCapability = attribute.name == ExtendedAttribute.fileCapability
            attributes.append(isCapability ? try capability(attribute, path) : attribute)
        }
        let size = attributes.reduce(0) { $0 + $1.name.utf8.count + $1.value.count }
        guard size <= Self.maximumAttributes, !attributes.contains(where: { $0.name.contains("=") }) else {
            throw LayerFailure.unsafe(
                path,
                "its extended attributes are too many, or have names that a tar cannot hold"
            )
        }
        return attributes
    }

    /// capabilities(7), "File capability extended attribute versioning": version 3 names the root of a user namespace, which
    /// means nothing elsewhere; version 2 is for any.
    private func capability(_ attribute: ExtendedAttribute, _ path: [UInt8]) throws(BuildFailure) -> ExtendedAttribute {
        let (version2, version3) = (UInt8(2), UInt8(3))
        let value = attribute.value
        guard value.count == 24, value[3] == version3 else { return attribute }
        let root = value[20..<24].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard root == firstID else {
            throw LayerFailure.unsafe(path, "its capabilities are those of another user namespace")
        }
        var rewritten = attribute
        rewritten.value = Array(value[..<3]) + [version2] + Array(value[4..<20])
        return rewritten
    }
}
