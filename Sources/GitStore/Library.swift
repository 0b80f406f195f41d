internal import BuildModel
internal import CGit2
internal import Platform

/// libgit2 itself: started once per process, never shut down.
enum Library {
    /// Starts the library, once.
    ///
    /// - Throws: `BuildFailure` with code `internal` when it does not start.
    static func start() throws(BuildFailure) {
        try started.get()
    }

    private static let started = Result { () throws(LibraryError) in try prepare() }.mapError { error in
        BuildFailure(
            .platform,
            .internal,
            operation: "git.start",
            message: "libgit2 does not start.",
            cause: error.message
        )
    }

    private static func prepare() throws(LibraryError) {
        try LibraryError.check(git_libgit2_init())
        try LibraryError.check(slipway_git_ignore_outside_configuration())
        // Repositories are only read: nothing that their configuration names is ever run.
        try LibraryError.check(slipway_git_accept_any_owner())
        // Hashes are checked when a pack arrives; reading relies on zlib's checksums, as git does, and is a third faster for it.
        try LibraryError.check(slipway_git_set_strict_hashes(0))
        // Pages of mapped packs count as this process' memory; by default up to 8 GiB are. Headers of objects are read all over a pack.
        try LibraryError.check(slipway_git_set_windows(1 << 20, 16 << 20))
        try MemoryBudget.install()
        try registerSocketStream()
    }

    /// Whether a fetch can be limited to the newest commit.
    static var hasDepth: Bool { slipway_git_has_depth() != 0 }

    /// Names the certificates that https servers may be signed by.
    ///
    /// - Throws: `BuildFailure` with code `invalid_configuration` when the file cannot be read as PEM.
    static func trust(certificatesIn file: String) throws(BuildFailure) {
        do {
            try LibraryError.check(unsafe slipway_git_set_certificate_file(file))
        } catch {
            throw BuildFailure(
                .platform,
                .invalidConfiguration,
                operation: "git.start",
                message: "Cannot read certificates from '\(file)'; name a PEM file with the authorities to trust.",
                cause: error.message
            )
        }
    }

    /// The directory whose `.ssh/known_hosts` tells the ssh transport which of a host's keys to ask for.
    static func setHome(_ directory: String) throws(BuildFailure) {
        do {
            try LibraryError.check(unsafe slipway_git_set_home(directory))
        } catch {
            throw error.damage("The directory \(directory)")
        }
    }

    private static func registerSocketStream() throws(LibraryError) {
        try LibraryError.check(unsafe slipway_git_register_sockets { unsafe SocketStream.create($0, $1, $2) })
    }
}
