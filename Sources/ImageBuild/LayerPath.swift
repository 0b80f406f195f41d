internal import BuildModel

/// What a path must be to go into a layer: relative, plain, and something that Linux can hold.
enum LayerPath {
    static let slash = UInt8(ascii: "/")
    /// NAME_MAX and PATH_MAX of Linux; the latter counts the terminating NUL.
    static let maximumName = 255
    static let maximumPath = 4095
    private static let whiteoutPrefix = Array(".wh.".utf8)

    /// Checks one component of the tenant's `path`.
    ///
    /// OCI image spec, layer.md, "Whiteouts": a file named `.wh.*` cannot be shipped.
    static func checkName(_ name: some Collection<UInt8>, in path: [UInt8]) throws(BuildFailure) {
        let dot = UInt8(ascii: ".")
        if name.isEmpty { throw LayerFailure.unsafe(path, "a part of its path is empty") }
        if name.count <= 2 && name.allSatisfy({ $0 == dot }) {
            throw LayerFailure.unsafe(path, "a part of its path is '.' or '..'")
        }
        if name.contains(0) { throw LayerFailure.unsafe(path, "its path has a NUL byte") }
        if name.count > maximumName { throw LayerFailure.unsafe(path, "a part of its path is over 255 bytes long") }
        if name.starts(with: whiteoutPrefix) { throw LayerFailure.reserved(path) }
    }

    /// The bytes of an absolute path of a plan, without its leading and trailing slashes; empty for `/`.
    static func absolute(_ path: String) throws(BuildFailure) -> [UInt8] {
        guard path.hasPrefix("/") else { throw LayerFailure.plan(path, "it has to begin with a slash") }
        let components = path.utf8.split(separator: slash)
        for component in components {
            do {
                try checkName(component, in: Array(path.utf8))
            } catch {
                throw LayerFailure.plan(path, error.message)
            }
        }
        return Array(components.joined(separator: [slash]))
    }

    /// The directories above a path, outermost first, without the path itself.
    static func ancestors(of path: [UInt8]) -> [[UInt8]] {
        path.indices.filter { path[$0] == slash }.map { Array(path[..<$0]) }
    }
}
