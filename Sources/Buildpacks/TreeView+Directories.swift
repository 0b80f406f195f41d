internal import BuildModel

extension TreeView {
    /// Directories below one, at any depth.
    ///
    /// - Throws: `BuildFailure` with code `limit_exceeded` if there are more than `limit`.
    func directories(below directory: String, limit: Int) throws -> [String] {
        let top = Array(directory.utf8) + (directory.isEmpty ? [] : [UInt8(ascii: "/")])
        var found: [String] = []
        try tree.walkNames { kind, bytes in
            guard kind == .directory else { return .proceed }
            guard let path = String(path: bytes) else { return .skipDescendants }
            guard path.utf8.starts(with: top) else {
                return top.starts(with: (path + "/").utf8) ? .proceed : .skipDescendants
            }
            guard found.count < limit else {
                throw BuildFailure.plan(
                    .limitExceeded,
                    "\(directory) is writable, and has more than \(limit) directories."
                )
            }
            found.append(path)
            return .proceed
        }
        return found
    }
}
