internal import BuildModel
internal import Platform

/// The files that git-lfs keeps in repositories of this machine: git-lfs, specification, "Intercepting Git".
struct LargeFileCopies: Sendable {
    private let directories: [String]

    /// - Parameter directories: git directories.
    init(ofGitDirectories directories: [String]) { self.directories = directories }

    /// A file's bytes, looked at once to the end.
    ///
    /// - Throws: `BuildFailure` with code `large_file_not_found` that says what to do, `corrupted`.
    func content(of file: LargeFile) throws(BuildFailure) -> any BlobContent {
        guard file.pointer.size > 0 else { return InMemoryContent([]) }
        let id = file.pointer.digest.hex
        let name = "lfs/objects/\(id.prefix(2))/\(id.dropFirst(2).prefix(2))/\(id)"
        guard let path = directories.map({ "\($0)/\(name)" }).first(where: Files.exists) else {
            throw .source(
                .largeFileNotFound,
                "'\(file.shown)' is in Git LFS, and not in \(directories.first ?? ""); run 'git lfs fetch' there."
            )
        }
        let content = try FileContent(path: path)
        let hasher = SHA256Hasher()
        do {
            try unsafe content.forEachPiece(0..<content.size) { unsafe hasher.update($0) }
        } catch {
            throw BuildFailure(error, operation: "git.fetch")
        }
        guard content.size == file.pointer.size, hasher.finalize() == file.pointer.digest else {
            throw .source(
                .corrupted,
                "The copy of '\(file.shown)' in \(directories.first ?? "") is not the file of Git LFS; run 'git lfs fsck' there."
            )
        }
        return content
    }
}
