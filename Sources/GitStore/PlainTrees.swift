internal import BuildModel
internal import Platform

/// Trees that were looked through and have no file in Git LFS: a build that changes nothing should read no trees but those it needs.
///
/// The newest few hundred are kept, in a file that may be lost at any time.
struct PlainTrees: Sendable {
    let path: String

    private static let most = 256
    /// Names what was looked for: what another way of looking has found is not believed.
    private static let policy = "lfs-v1"

    func contains(_ root: ObjectID, _ directory: String) -> Bool {
        lines.contains(Self.line(root, directory))
    }

    /// Whatever goes wrong, the tree is looked through again.
    func add(_ root: ObjectID, _ directory: String) {
        let all = (lines + [Self.line(root, directory)]).suffix(Self.most)
        try? Files.writeAtomically(Array(all.joined(separator: "\n").utf8), to: path)
    }

    private var lines: [Substring] {
        guard Files.exists(path), let bytes = try? Files.read(path, limit: 64 << 10) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    private static func line(_ root: ObjectID, _ directory: String) -> Substring {
        Substring(Digest(of: "\(policy)\n\(root.hex)\n\(directory)").hex)
    }
}
