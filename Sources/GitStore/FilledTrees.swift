internal import BuildModel
internal import Platform

/// Trees with files in the places of pointers, by what they were made of: the newest few hundred, in a file of the repository that
/// has them, which may be lost at any time.
struct FilledTrees: Sendable {
    let path: String

    private static let most = 256

    func tree(for key: Digest) -> ObjectID? {
        let line = lines.last { $0.hasPrefix("\(key.hex) ") }
        return line.flatMap { ObjectID(hex: String($0.dropFirst(key.hex.count + 1))) }
    }

    /// Whatever goes wrong, the tree is made again.
    func add(_ tree: ObjectID, for key: Digest) {
        let all = (lines.filter { !$0.hasPrefix("\(key.hex) ") } + ["\(key.hex) \(tree.hex)"]).suffix(Self.most)
        try? Files.writeAtomically(Array(all.joined(separator: "\n").utf8), to: path)
    }

    private var lines: [Substring] {
        guard Files.exists(path), let bytes = try? Files.read(path, limit: 64 << 10) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}
