internal import BuildModel
internal import Platform

extension LayerExtractor {
    func addDirectory(
        _ name: [UInt8],
        in parent: LayerDirectory,
        _ attributes: FileAttributes
    ) throws(BuildFailure) {
        var hides = false
        if try !parent.handle.makeDirectory(name) {
            let kind = try parent.handle.status(of: name)?.kind
            hides = kind == .whiteout
            if kind != .directory {
                try clear(name, in: parent)
                _ = try parent.handle.makeDirectory(name)
            }
        }
        let handle = try parent.handle.directory(name)
        try handle.apply(attributes)
        if hides { try handle.set(overlay.opaque) }
        let path = parent.path + [name]
        try notes.count(path)
        notes.implied.remove(path)
        notes.times[path] = attributes.modified
    }

    /// Hides what the layers below have under a name. What this layer has under it stays: OCI image spec, layer.md, "Whiteouts".
    func hide(_ name: [UInt8], in directory: LayerDirectory) throws(BuildFailure) {
        switch try directory.handle.status(of: name)?.kind {
        case nil:
            _ = try directory.handle.makeWhiteout(name)
            let path = directory.path + [name]
            try notes.count(path)
            notes.whiteouts.insert(path)
        case .directory: try directory.handle.directory(name).set(overlay.opaque)
        default: return
        }
    }
}
