internal import BuildModel
internal import Platform

/// What trees have in Git LFS that were looked through: a build that changes nothing should read no objects but those it needs.
///
/// The newest few hundred without such files are kept in one file, the newest few with them in a file each. All of it may be lost at
/// any time.
struct ScannedTrees: Sendable {
    /// Of the file; the lists are in a directory beside it.
    let path: String

    private static let (mostPlain, mostLists) = (256, 64)
    private static let maximumList = 128 << 20
    /// Names what was looked for: what another way of looking has found is not believed.
    private static let policy = "lfs-v2"

    private var lists: String { "\(path)-with-files" }

    /// The files in Git LFS; nil if the tree was not looked through.
    func files(of root: ObjectID, _ directory: String) -> [LargeFile]? {
        let name = Self.name(root, directory)
        if lines.contains(name[...]) { return [] }
        guard Files.exists("\(lists)/\(name)"), let bytes = try? Files.read("\(lists)/\(name)", limit: Self.maximumList)
        else { return nil }
        return LargeFileList(bytes)?.files
    }

    /// Whatever goes wrong, the tree is looked through again.
    func add(_ files: [LargeFile], of root: ObjectID, _ directory: String) {
        let name = Self.name(root, directory)
        guard !files.isEmpty else {
            let all = (lines + [name[...]]).suffix(Self.mostPlain)
            try? Files.writeAtomically(Array(all.joined(separator: "\n").utf8), to: path)
            return
        }
        try? Directories.create(lists, mode: 0o700)
        try? Files.writeInOneStep(LargeFileList(files: files).bytes, to: "\(lists)/\(name)")
        let kept = ((try? Directories.files(in: lists)) ?? []).sorted { $0.modified < $1.modified }
        for list in kept.dropLast(Self.mostLists) { try? Files.remove("\(lists)/\(list.name)") }
    }

    private var lines: [Substring] {
        guard Files.exists(path), let bytes = try? Files.read(path, limit: 64 << 10) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    private static func name(_ root: ObjectID, _ directory: String) -> String {
        Digest(of: "\(policy)\n\(root.hex)\n\(directory)").hex
    }
}

/// Files in Git LFS as text: after a line with the digest of the rest, a line for each.
struct LargeFileList {
    let files: [LargeFile]

    init(files: [LargeFile]) { self.files = files }

    /// - Returns: nil for what `bytes` did not write.
    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let rest = Array(bytes[(end + 1)...])
        guard bytes[..<end].elementsEqual(Digest(of: rest).hex.utf8) else { return nil }
        var files: [LargeFile] = []
        for line in String(decoding: rest, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 4, let path = Hexadecimal.decode(words[0]), let digest = Hexadecimal.decode(words[1]),
                digest.count == 32, let size = Int64(words[2])
            else { return nil }
            let pointer = LargeFilePointer(
                digest: Digest(sha256: digest),
                size: size,
                hasExtensions: words[3] == "extended"
            )
            files.append(LargeFile(path: path, pointer: pointer))
        }
        self.files = files
    }

    var bytes: [UInt8] {
        let lines = files.map { file in
            let pointer = file.pointer
            let form = pointer.hasExtensions ? "extended" : "plain"
            return "\(Hexadecimal.encode(file.path)) \(pointer.digest.hex) \(pointer.size) \(form)\n"
        }
        let rest = Array(lines.joined().utf8)
        return Array("\(Digest(of: rest).hex)\n".utf8) + rest
    }

    /// Names the files, with their paths and what they hold.
    var digest: Digest { Digest(of: bytes) }
}
