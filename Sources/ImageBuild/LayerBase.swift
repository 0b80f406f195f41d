package import BuildModel
internal import Platform

/// The image that a layer will lie on: where paths lead in it, and what its directories look like.
///
/// A layer's entry for a directory replaces the attributes, or the symbolic link, that the base has there (OCI image spec,
/// layer.md, "Applying Changesets"): `tmp/` with 0755 would take away its sticky bit, `bin/` its link to `usr/bin`. Without
/// entries some unpackers make up attributes. So layers have entries that say what the base says.
package struct LayerBase: Sendable {
    private static let maximumLinks = 40

    private let places: [[UInt8]: BaseDirectories.Place]

    package init(_ directories: BaseDirectories) { places = directories.places }

    /// No image below.
    package static let none = LayerBase(.none)

    func isDirectory(_ path: [UInt8]) -> Bool {
        if case .directory = places[path] { return true }
        return path.isEmpty
    }

    /// The entry of a directory: the base's own if it has one, else one of ours.
    func directory(_ path: [UInt8], ownership: FileOwnership) -> TarEntry {
        guard case .directory(let header) = places[path] else { return .directory(path, ownership: ownership) }
        var entry = TarEntry.directory(path, ownership: FileOwnership(user: header.user, group: header.group))
        entry.mode = header.mode
        entry.modified = FileTime(seconds: header.seconds, nanoseconds: header.nanoseconds)
        entry.attributes = header.attributes.map { ExtendedAttribute(name: $0.name, value: $0.value) }
        return entry
    }

    /// Where an absolute path of a plan leads when the base's links are followed, without its slash in front.
    ///
    /// - Throws: `BuildFailure` with code `invalid_plan` that names the path.
    func resolve(_ path: String) throws(BuildFailure) -> [UInt8] {
        var rest = Array(Self.components(try LayerPath.absolute(path)).reversed())
        var way: [[UInt8]] = []
        var links = 0
        while let name = rest.popLast() {
            if name == Array("..".utf8) {
                _ = way.popLast()
                continue
            }
            guard case .link(let target) = places[OutputPath.joined(way + [name])] else {
                way.append(name)
                continue
            }
            links += 1
            guard links <= Self.maximumLinks else {
                throw LayerFailure.plan(path, "it is behind too many links of the base image")
            }
            if target.first == LayerPath.slash { way = [] }
            rest += Self.components(target).reversed()
        }
        let resolved = OutputPath.joined(way)
        do {
            for name in way { try LayerPath.checkName(name, in: resolved) }
        } catch {
            throw LayerFailure.plan(path, error.message)
        }
        return resolved
    }

    /// As `resolve`, but for the last part of the path, which may be a link: whoever puts a file there takes its place.
    func resolve(file path: String) throws(BuildFailure) -> [UInt8] {
        let whole = try LayerPath.absolute(path)
        guard let slash = whole.lastIndex(of: LayerPath.slash) else { return whole }
        let parent = try resolve("/" + String(decoding: whole[..<slash], as: UTF8.self))
        let name = whole[(slash + 1)...]
        return parent.isEmpty ? Array(name) : parent + [LayerPath.slash] + name
    }

    /// Everything of the base that decides how a tree at `directory` and `files` become a layer: equal values, equal layers.
    func identity(at directory: String, files: [PlannedFile]) throws(BuildFailure) -> JSONValue {
        let root = try resolve(directory)
        var paths = Set(LayerPath.ancestors(of: root) + [root])
        var resolved: [JSONValue] = [.string(Hexadecimal.encode(root))]
        for file in files {
            let path = try resolve(file: file.path)
            resolved.append(.string(Hexadecimal.encode(path)))
            paths.formUnion(LayerPath.ancestors(of: path))
        }
        let below = root + [LayerPath.slash]
        for path in places.keys where path.starts(with: below) { paths.insert(path) }
        var headers: [UInt8] = []
        for path in paths.sorted(by: { $0.lexicographicallyPrecedes($1) }) where places[path].map(isHeader) ?? false {
            TarEncoder.append(headerOf: self.directory(path, ownership: .root), to: &headers)
        }
        return ["paths": .array(resolved), "headers": .string(Digest(of: headers).hex)]
    }

    private func isHeader(_ place: BaseDirectories.Place) -> Bool {
        if case .directory = place { return true }
        return false
    }

    private static func components(_ path: [UInt8]) -> [[UInt8]] {
        path.split(separator: LayerPath.slash).map(Array.init).filter { $0 != Array(".".utf8) }
    }
}
