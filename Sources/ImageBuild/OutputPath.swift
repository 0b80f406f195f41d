internal import BuildModel
internal import Platform

/// Paths of outputs, taken apart and freed of links.
enum OutputPath {
    /// OCI image spec, layer.md, "Opaque Whiteout".
    static let opaque = Array(".wh..wh..opq".utf8)
    private static let maximumLinks = 40
    private static let parent = Array("..".utf8)

    /// The mark of a deleted name.
    static func whiteout(_ name: [UInt8]) -> [UInt8] { Array(".wh.".utf8) + name }

    static func joined(_ path: [[UInt8]]) -> [UInt8] { Array(path.joined(separator: [LayerPath.slash])) }

    /// The components of an absolute path as a plan has it.
    ///
    /// - Throws: `BuildFailure` with code `invalid_plan`.
    static func components(_ path: String) throws(BuildFailure) -> [[UInt8]] {
        split(try LayerPath.absolute(path))
    }

    /// Where a path leads when links are followed as in the sandbox; what is not there is taken as it is written.
    static func resolve(_ output: String, in view: OverlayView) throws(BuildFailure) -> [[UInt8]] {
        var rest = Array(try components(output).reversed())
        var path: [[UInt8]] = []
        var links = 0
        while let name = rest.popLast() {
            if name == parent {
                _ = path.popLast()
                continue
            }
            // The output itself may be a link: that is what goes into the layer then.
            let place = rest.isEmpty ? nil : try view.place(at: path + [name])
            guard let place, place.status.kind == .symbolicLink else {
                path.append(name)
                continue
            }
            links += 1
            guard links <= maximumLinks else { throw LayerFailure.plan(output, "it is behind too many links") }
            let target = try place.directory.linkTarget(of: name)
            if target.first == LayerPath.slash { path = [] }
            rest += split(target).reversed()
        }
        return path
    }

    private static func split(_ path: [UInt8]) -> [[UInt8]] {
        path.split(separator: LayerPath.slash).map(Array.init).filter { $0 != Array(".".utf8) }
    }
}
