/// umoci, which unpacks images as others do.
package enum Umoci {
    /// Unpacks layers over one another.
    ///
    /// - Parameters:
    ///   - tars: paths of uncompressed layers, lowest first.
    ///   - scratch: gets `layout` and `bundle`.
    /// - Returns: the path of what they give.
    package static func unpack(_ tars: [String], in scratch: Scratch) async throws -> String {
        let (layout, bundle) = (scratch("layout"), scratch("bundle"))
        try await Command.output(["umoci", "init", "--layout", layout])
        try await Command.output(["umoci", "new", "--image", "\(layout):t"])
        for tar in tars {
            try await Command.output(["umoci", "raw", "add-layer", "--image", "\(layout):t", tar])
        }
        try await Command.output(["umoci", "unpack", "--image", "\(layout):t", bundle])
        return "\(bundle)/rootfs"
    }
}
