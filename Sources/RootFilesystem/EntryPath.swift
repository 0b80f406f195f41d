internal import BuildModel
internal import Platform

/// The path of an entry, taken apart: nothing in it leads up or is more than Linux can hold.
enum EntryPath {
    private static let slash = UInt8(ascii: "/")
    static let current = Array(".".utf8)
    static let parent = Array("..".utf8)

    /// The components; none for the root. A leading slash means the image's root, as it does for every other reader.
    ///
    /// - Throws: `BuildFailure` with code `invalid_layer` that shows the path.
    static func components(of path: [UInt8]) throws(BuildFailure) -> [[UInt8]] {
        guard path.count <= 4095 else { throw UnpackFailure.invalid(path, "is longer than 4095 bytes") }
        let components = split(path)
        for component in components {
            if component == parent { throw UnpackFailure.invalid(path, "leads out of its directory") }
            // The mark of a deleted file is never a name on a disk; what it hides may have 255 bytes.
            if component.count > (EntryName.isReserved(component) ? 259 : 255) {
                throw UnpackFailure.invalid(path, "has a part of over 255 bytes")
            }
        }
        return components
    }

    /// The components of a link's target, which may lead up.
    static func split(_ path: [UInt8]) -> [[UInt8]] {
        path.split(separator: slash).map(Array.init).filter { $0 != current }
    }

    static func isAbsolute(_ path: [UInt8]) -> Bool { path.first == slash }
}

/// What a name means in a layer: OCI image spec, layer.md, "Whiteouts".
enum EntryName {
    case plain
    /// The named file of the layers below is gone.
    case whiteout([UInt8])
    /// Everything that the layers below have in this directory is gone.
    case opaque
    /// Left by AUFS for itself.
    case bookkeeping

    private static let prefix = Array(".wh.".utf8)

    init(_ name: [UInt8], in path: [UInt8]) throws(BuildFailure) {
        guard name.starts(with: Self.prefix) else {
            self = .plain
            return
        }
        let hidden = Array(name.dropFirst(Self.prefix.count))
        if hidden == Array(".wh..opq".utf8) {
            self = .opaque
        } else if hidden.starts(with: Self.prefix) {
            self = .bookkeeping
        } else if hidden.isEmpty || hidden == EntryPath.current || hidden == EntryPath.parent {
            throw UnpackFailure.invalid(path, "marks a file as deleted that cannot be")
        } else {
            self = .whiteout(hidden)
        }
    }

    /// Directories with such a name cannot be in a layer.
    static func isReserved(_ name: [UInt8]) -> Bool { name.starts(with: prefix) }
}
