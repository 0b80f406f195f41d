package import BuildModel

extension Directories {
    /// Directories within directories that are looked into; what is deeper is nobody's cache.
    private static let deepest = 256

    /// Bytes of the regular files below a directory, without following links; `Int64.max` if it is too deep to look at.
    ///
    /// - Throws: `BuildFailure` with code `system`; what vanishes meanwhile counts as nothing.
    package static func treeSize(_ path: String) throws(BuildFailure) -> Int64 {
        guard exists(path) else { return 0 }
        return try treeSize(DirectoryHandle(path: path), depth: 0)
    }

    private static func treeSize(_ directory: DirectoryHandle, depth: Int) throws(BuildFailure) -> Int64 {
        guard depth < deepest else { return .max }
        var sum: Int64 = 0
        for name in try directory.names() {
            guard let status = try directory.status(of: name) else { continue }
            var size = status.kind == .file ? status.size : 0
            if status.kind == .directory { size = try treeSize(directory.directory(name), depth: depth + 1) }
            let (total, isTooLarge) = sum.addingReportingOverflow(size)
            if isTooLarge { return .max }
            sum = total
        }
        return sum
    }
}
