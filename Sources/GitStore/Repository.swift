internal import BuildModel
internal import CGit2

/// An open repository. Belongs to the thread that opened it, hence not Sendable; freed with its last reference.
@safe
final class Repository {
    let pointer: OpaquePointer

    private init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit { unsafe git_repository_free(pointer) }

    /// Opens the repository whose git directory is `path`; looks nowhere else.
    convenience init(opening path: String) throws(LibraryError) {
        var pointer: OpaquePointer?
        try LibraryError.check(unsafe git_repository_open_bare(&pointer, path))
        guard let pointer = unsafe pointer else { throw LibraryError(code: GIT_ERROR.rawValue) }
        unsafe self.init(owning: pointer)
    }

    /// Opens the repository at or above `path`.
    convenience init(finding path: String) throws(LibraryError) {
        var pointer: OpaquePointer?
        try LibraryError.check(unsafe git_repository_open_ext(&pointer, path, 0, nil))
        guard let pointer = unsafe pointer else { throw LibraryError(code: GIT_ERROR.rawValue) }
        unsafe self.init(owning: pointer)
    }

    /// Makes a bare repository without anything of this machine's templates.
    convenience init(creatingBareAt path: String) throws(LibraryError) {
        var options = unsafe git_repository_init_options()
        try LibraryError.check(
            unsafe git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION))
        )
        unsafe options.flags = GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_MKPATH.rawValue
        unsafe options.mode = 0o700
        var pointer: OpaquePointer?
        try LibraryError.check(unsafe git_repository_init_ext(&pointer, path, &options))
        guard let pointer = unsafe pointer else { throw LibraryError(code: GIT_ERROR.rawValue) }
        unsafe self.init(owning: pointer)
    }

    /// The git directory, with a trailing slash.
    var path: String { unsafe String(cString: git_repository_path(pointer)) }

    /// The directory that has the objects, with a trailing slash: another one than `path` in a linked working tree.
    var commonPath: String { unsafe String(cString: git_repository_commondir(pointer)) }

    /// The working tree's directory, with a trailing slash; nil for a bare repository.
    var workingDirectory: String? {
        unsafe git_repository_workdir(pointer).map { unsafe String(cString: $0) }
    }

    /// Opens the repository's objects. The caller frees them.
    func openObjects() throws(LibraryError) -> OpaquePointer {
        var objects: OpaquePointer?
        try LibraryError.check(unsafe git_repository_odb(&objects, pointer))
        guard let objects = unsafe objects else { throw LibraryError(code: GIT_ERROR.rawValue) }
        return unsafe objects
    }
}

extension ObjectID {
    /// The id that libgit2 has in its form.
    init(_ id: git_oid) {
        self.init(bytes: unsafe withUnsafeBytes(of: id) { unsafe Array($0.prefix(20)) })
    }

    /// libgit2's form of the id.
    var libraryForm: git_oid {
        var id = git_oid()
        let bytes = Hexadecimal.decode(hex) ?? []
        unsafe withUnsafeMutableBytes(of: &id) { unsafe $0.copyBytes(from: bytes) }
        return id
    }
}
