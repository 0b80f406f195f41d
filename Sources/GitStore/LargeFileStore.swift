internal import BuildModel
internal import CGit2
internal import Platform

/// What a node has of the Git LFS files of one repository: blobs, in a repository of their own beside the mirror, with the trees
/// that have them in the pointers' places; and which blob is which file.
///
/// Each repository has its own: who may read one is shown nothing of another's by writing its pointers.
struct LargeFileStore: Sendable {
    let repository: JointRepository

    /// Of a mirror.
    init(of mirror: Mirror) { self.init(in: JointRepository(at: "\(mirror.path.dropLast(4))-lfs.git")) }

    init(in repository: JointRepository) { self.repository = repository }

    private var names: String { "\(repository.path)/slipway-lfs" }

    private func name(_ pointer: LargeFilePointer) -> String { "\(names)/\(pointer.digest.hex)" }

    /// The files that are not here yet, each once. The caller holds the lock.
    ///
    /// - Parameter sources: the git directories that have all other objects.
    func missing(_ files: [LargeFile], over sources: [String]) throws -> [LargeFile] {
        let open = try repository.open(over: sources)
        try Directories.create(names, mode: 0o700)
        var seen: Set<Digest> = []
        return try files.filter { file in
            guard seen.insert(file.pointer.digest).inserted else { return false }
            guard let blob = blob(file.pointer) else { return true }
            return try !open.contains(blob)
        }
    }

    /// A tree with the files in their pointers' places, of which no object is read if it was made before. The caller holds the
    /// lock, and nothing is missing.
    ///
    /// - Parameter root: the whole tree of the repository.
    func fill(_ files: [LargeFile], into root: ObjectID) throws -> ObjectID {
        let repository = try Repository(opening: repository.path)
        let known = FilledTrees(path: "\(self.repository.path)/slipway-filled")
        let key = Digest(of: "\(root.hex) \(LargeFileList(files: files).digest.hex)")
        if let tree = known.tree(for: key), try repository.contains(tree) { return tree }
        let filled = try fill(files, into: root, in: repository)
        known.add(filled, for: key)
        return filled
    }

    private func fill(_ files: [LargeFile], into root: ObjectID, in repository: Repository) throws -> ObjectID {
        let places = try files.map { file in
            guard let blob = blob(file.pointer) else {
                throw BuildFailure.damaged("The copy of '\(file.shown)' from Git LFS", cause: nil)
            }
            return TreePlace(file.path, blob: blob)
        }
        return try repository.graft(places, onto: root)
    }

    private func blob(_ pointer: LargeFilePointer) -> ObjectID? {
        let file = name(pointer)
        guard Files.exists(file) else { return nil }
        // What was not written whole is as good as nothing.
        return (try? Files.read(file, limit: 100)).flatMap { ObjectID(hex: String(decoding: $0, as: UTF8.self)) }
    }

    /// Keeps a file whose bytes are known to be the right ones. Many threads may.
    func keep(_ file: LargeFile, _ content: any BlobContent) throws {
        do {
            let id = try LooseBlobWriter(objects: "\(repository.path)/objects").write(content)
            try Files.writeAtomically(Array(id.hex.utf8), to: name(file.pointer))
        } catch let error as LibraryError {
            throw BuildFailure.passing(
                .system,
                "Cannot keep '\(file.shown)' of Git LFS in '\(repository.path)'; check the free space.",
                cause: error.message
            )
        }
    }
}

/// Writes blobs as files of their own, compressed as little as the library can: what is in Git LFS is seldom made smaller.
@safe
private struct LooseBlobWriter {
    private let objects: OpaquePointer
    /// zlib's fastest; the library writes what it cannot read itself without any.
    private static let level: Int32 = 1

    init(objects directory: String) throws(LibraryError) {
        var objects: OpaquePointer?
        try LibraryError.check(unsafe git_odb_new(&objects))
        guard let objects = unsafe objects else { throw LibraryError(code: GIT_ERROR.rawValue) }
        unsafe self.objects = objects
        var backend: OpaquePointer?
        do throws(LibraryError) {
            try LibraryError.check(unsafe git_odb_backend_loose(&backend, directory, Self.level, 0, 0, 0))
            try LibraryError.check(unsafe git_odb_add_backend(objects, backend, 1))
        } catch {
            unsafe git_odb_free(objects)
            throw error
        }
    }

    /// Writes a blob, and frees the database: for one blob alone.
    func write(_ content: any BlobContent) throws -> ObjectID {
        defer { unsafe git_odb_free(objects) }
        var stream: UnsafeMutablePointer<git_odb_stream>?
        try LibraryError.check(
            unsafe git_odb_open_wstream(&stream, objects, git_object_size_t(content.size), GIT_OBJECT_BLOB)
        )
        defer { unsafe git_odb_stream_free(stream) }
        if content.size > 0 {
            try unsafe content.forEachPiece(0..<content.size) { piece in
                let bytes = unsafe piece.assumingMemoryBound(to: CChar.self)
                try LibraryError.check(unsafe git_odb_stream_write(stream, bytes.baseAddress, bytes.count))
            }
        }
        // The library hashes as git does, and refuses what was made to collide.
        var id = git_oid()
        try LibraryError.check(unsafe git_odb_stream_finalize_write(&id, stream))
        return ObjectID(id)
    }
}
