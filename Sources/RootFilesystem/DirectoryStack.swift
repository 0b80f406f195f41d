internal import BuildModel
internal import Platform

/// The directories and links of layers that lie on top of one another: OCI image spec, layer.md, "Applying Changesets".
///
/// What an entry says is bounded and never believed further than it has to be. Confined to one thread.
struct DirectoryStack {
    private struct Node {
        var place: BaseDirectories.Place
        /// The layer that said so last.
        var layer: Int
        var children: [[UInt8]: Int] = [:]
    }

    private static let root = 0
    private static let maximumNodes = 1_000_000
    /// Names, targets and attributes together.
    private static let maximumBytes: Int64 = 64 << 20

    private var nodes: [Node]
    private var layer = 0
    private var bytes: Int64 = 0

    init() { nodes = [Node(place: .directory(.implied), layer: 0)] }

    /// What follows belongs to the next layer.
    mutating func beginLayer() { layer += 1 }

    /// - Throws: `BuildFailure`: `invalid_layer` that names the entry, `limit_exceeded`.
    mutating func add(_ entry: ArchiveEntry) throws(BuildFailure) {
        let components = try EntryPath.components(of: entry.path)
        guard let name = components.last else { return }
        guard components.count <= LayerNotes.deepest else {
            throw UnpackFailure.tooDeep(entry.path, limit: LayerNotes.deepest)
        }
        let parents = components.dropLast()
        if parents.contains(where: EntryName.isReserved) {
            throw UnpackFailure.invalid(entry.path, "is in a directory whose name means a deleted file")
        }
        // What nobody unpacks changes nothing.
        if case .other = entry.kind { return }
        let parent = try directory(parents, of: entry.path)
        switch try EntryName(name, in: entry.path) {
        case .bookkeeping: return
        case .whiteout(let hidden): remove(hidden, below: parent)
        case .opaque: removeLower(in: parent)
        case .plain: try add(entry, as: name, in: parent)
        }
    }

    private mutating func add(_ entry: ArchiveEntry, as name: [UInt8], in parent: Int) throws(BuildFailure) {
        switch entry.kind {
        case .directory: try put(.directory(DirectoryHeader(entry.attributes)), as: name, in: parent)
        case .symbolicLink(let target): try put(.link(to: target), as: name, in: parent)
        case .hardLink(let target):
            let components = try EntryPath.components(of: target)
            guard let other = components.last else { return }
            let holder = try directory(components.dropLast(), of: entry.path)
            if let node = nodes[holder].children[other], case .link = nodes[node].place {
                try put(nodes[node].place, as: name, in: parent)
            } else {
                nodes[parent].children[name] = nil
            }
        case .file, .pipe, .other: nodes[parent].children[name] = nil
        }
    }

    /// A directory over a directory keeps what is in it; anything else takes the name's place.
    private mutating func put(_ place: BaseDirectories.Place, as name: [UInt8], in parent: Int) throws(BuildFailure) {
        try count(place, name)
        if let node = nodes[parent].children[name], case .directory = nodes[node].place, case .directory = place {
            nodes[node].place = place
            nodes[node].layer = layer
            return
        }
        nodes[parent].children[name] = nodes.count
        nodes.append(Node(place: place, layer: layer))
    }

    /// The directory that a path means, through links; what is not there is made, as whoever unpacks does.
    private mutating func directory(_ parents: ArraySlice<[UInt8]>, of path: [UInt8]) throws(BuildFailure) -> Int {
        var way = [Self.root]
        var rest = Array(parents.reversed())
        var links = 0
        while let name = rest.popLast() {
            if name == EntryPath.parent {
                if way.count > 1 { way.removeLast() }
                continue
            }
            let here = way[way.count - 1]
            if nodes[here].children[name] == nil { try put(.directory(.implied), as: name, in: here) }
            guard let node = nodes[here].children[name] else { continue }
            guard case .link(let target) = nodes[node].place else {
                way.append(node)
                continue
            }
            links += 1
            guard links <= 40 else { throw UnpackFailure.invalid(path, "is behind too many links") }
            if EntryPath.isAbsolute(target) { way.removeSubrange(1...) }
            rest += EntryPath.split(target).reversed()
        }
        return way[way.count - 1]
    }

    /// A mark hides what the layers below have, and nothing of its own layer.
    private mutating func remove(_ name: [UInt8], below parent: Int) {
        guard let node = nodes[parent].children[name] else { return }
        if nodes[node].layer < layer { nodes[parent].children[name] = nil } else { removeLower(in: node) }
    }

    private mutating func removeLower(in parent: Int) {
        var open = [parent]
        while let next = open.popLast() {
            nodes[next].children = nodes[next].children.filter { nodes[$0.value].layer == layer }
            open += nodes[next].children.values
        }
    }

    private mutating func count(_ place: BaseDirectories.Place, _ name: [UInt8]) throws(BuildFailure) {
        bytes += Int64(name.count)
        switch place {
        case .link(let target): bytes += Int64(target.count)
        case .directory(let header):
            bytes += header.attributes.reduce(0) { $0 + Int64($1.name.utf8.count + $1.value.count) }
        }
        guard bytes <= Self.maximumBytes, nodes.count < Self.maximumNodes else {
            throw UnpackFailure.tooLarge("directories and links", limit: Int64(Self.maximumNodes))
        }
    }

    /// All of them, by their paths.
    var directories: BaseDirectories {
        var places: [[UInt8]: BaseDirectories.Place] = [:]
        var open: [(path: [UInt8], node: Int)] = [([], Self.root)]
        while let next = open.popLast() {
            for (name, node) in nodes[next.node].children {
                let path = next.path.isEmpty ? name : next.path + [UInt8(ascii: "/")] + name
                places[path] = nodes[node].place
                open.append((path, node))
            }
        }
        return BaseDirectories(places)
    }
}

extension DirectoryHeader {
    /// What a directory has that no layer says anything of.
    static let implied = DirectoryHeader(mode: 0o755, seconds: 1)

    init(_ attributes: FileAttributes) {
        self.init(
            mode: attributes.mode,
            user: attributes.user,
            group: attributes.group,
            seconds: attributes.modified.seconds,
            nanoseconds: attributes.modified.nanoseconds,
            attributes: attributes.extended.map { Attribute(name: $0.name, value: $0.value) }
                .sorted { $0.name < $1.name }
        )
    }
}
