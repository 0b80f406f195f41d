package import BuildModel
package import ImageBuild

extension ImageReference {
    /// Whether the name begins with `host[:port][/path]`, whole parts of it.
    package func isBelow(_ prefix: String) -> Bool {
        let prefix = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
        guard !prefix.isEmpty else { return false }
        let path = "\(registry.lowercased())/\(repository)"
        // The host of a prefix is no more case-sensitive than that of a name.
        let host = prefix.prefix { $0 != "/" }
        let wanted = host.lowercased() + prefix.dropFirst(host.count)
        return path == wanted || path.hasPrefix(wanted + "/")
    }

    /// What layers are packed as that are pushed there.
    ///
    /// - Parameter zstd: prefixes of repositories whose readers take zstd.
    package func layerFormat(zstd: [String]) -> LayerFormat {
        zstd.contains(where: isBelow) ? .zstd : .gzip
    }
}
