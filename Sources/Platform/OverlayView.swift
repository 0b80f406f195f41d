package import BuildModel

/// Where overlayfs keeps what it has to remember of directories: Documentation/filesystems/overlayfs.rst.
package enum OverlayAttributes: String, Sendable, Hashable {
    /// For mounts by root.
    case trusted
    /// For mounts inside a user namespace, with the option `userxattr`.
    case user

    /// Marks a directory that hides the directories of the same name below it.
    package var opaque: ExtendedAttribute {
        ExtendedAttribute(name: "\(rawValue).overlay.opaque", value: Array("y".utf8))
    }

    /// Whether an attribute means something to overlayfs or its like: neither images nor steps may set it.
    package static func isReserved(_ name: String) -> Bool {
        ["trusted.overlay.", "user.overlay.", "user.fuseoverlayfs."].contains { name.hasPrefix($0) }
    }
}

/// Directories as overlayfs would show them on top of one another, without mounting anything.
package struct OverlayView: Sendable {
    /// What the view has under a name, and in which directory of which layer.
    package struct Place: Sendable {
        package var directory: DirectoryHandle
        package var name: [UInt8]
        package var status: FileStatus
    }

    /// Topmost first.
    private let layers: [DirectoryHandle]
    private let attributes: OverlayAttributes

    /// - Parameter layers: topmost first.
    package init(_ layers: [DirectoryHandle], attributes: OverlayAttributes) {
        self.layers = layers
        self.attributes = attributes
    }

    /// What is at a path; nil if nothing is. A symbolic link is not followed, and nothing is below one.
    package func place(at path: some Collection<[UInt8]>) throws(BuildFailure) -> Place? {
        var layers = layers
        var place: Place?
        for name in path {
            if let place, place.status.kind != .directory { return nil }
            (place, layers) = try Self.look(for: name, in: layers, attributes)
            if place == nil { return nil }
        }
        return place
    }

    /// - Returns: the topmost of that name, and the directories that are merged there.
    private static func look(
        for name: [UInt8],
        in layers: [DirectoryHandle],
        _ attributes: OverlayAttributes
    ) throws(BuildFailure) -> (Place?, [DirectoryHandle]) {
        var place: Place?
        var merged: [DirectoryHandle] = []
        for layer in layers {
            guard let status = try layer.status(of: name) else { continue }
            if status.kind == .whiteout { break }
            if place == nil { place = Place(directory: layer, name: name, status: status) }
            guard status.kind == .directory else { break }
            let directory = try layer.directory(name)
            merged.append(directory)
            if try directory.isOpaque(attributes) { break }
        }
        return (place, merged)
    }
}

extension DirectoryHandle {
    /// Whether the directory hides those below it.
    package func isOpaque(_ attributes: OverlayAttributes) throws(BuildFailure) -> Bool {
        try extendedAttribute(attributes.opaque.name) == attributes.opaque.value
    }
}
