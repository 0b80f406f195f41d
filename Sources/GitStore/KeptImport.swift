internal import BuildModel
internal import CGit2
internal import Platform

/// The repository that has what a directory outside git was taken in as: kept beside the mirrors, and removed as they are.
///
/// Nothing in it is synced, so it counts until the system starts again.
struct KeptImport {
    let path: String
    private var list: String { "\(path)/slipway-files" }
    private var mark: String { "\(path)/slipway-boot" }

    static let suffix = "-directory.git"

    /// - Parameters:
    ///   - directory: without links.
    ///   - parent: where mirrors are.
    init(of directory: String, in parent: String) {
        path = "\(parent)/\(Digest(of: directory).hex.prefix(32))\(Self.suffix)"
    }

    /// - Parameter path: of one that is there.
    init(at path: String) { self.path = path }

    var lockPath: String { "\(path.dropLast(4)).lock" }

    /// It cannot be used now, and must not be removed.
    struct Unusable: Error {}

    /// Opens it, or makes it anew. The caller holds the lock. Other builds may be reading from it, which takes no lock: what is of this
    /// run of the system, or may be, is removed only if nobody can open it.
    ///
    /// - Throws: `Unusable`, `LibraryError`, or `BuildFailure` with code `system`.
    func open() throws -> Repository {
        let boot = Array(SystemInformation.bootID.utf8)
        guard !boot.isEmpty else { throw Unusable() }
        if Files.exists(mark) {
            guard let marked = try? Files.read(mark) else { throw Unusable() }
            if marked == boot, let repository = try opened() { return repository }
        }
        if Directories.exists(path) { try Directories.remove(path) }
        let repository = try Repository(creatingBareAt: path)
        try Files.writeInOneStep(boot, to: mark)
        return repository
    }

    /// nil for what is no repository any more.
    private func opened() throws(Unusable) -> Repository? {
        do throws(LibraryError) {
            return try Repository(opening: path)
        } catch {
            guard error.code == GIT_ENOTFOUND.rawValue else { throw Unusable() }
            return nil
        }
    }

    /// - Parameter settled: how long a file must have been as it is to be known again.
    func files(settled: Duration) -> ImportedFiles {
        let limit = SystemInformation.currentMilliseconds - settled.milliseconds
        let newest = FileTime(seconds: limit / 1000, nanoseconds: limit % 1000 * 1_000_000)
        guard Files.exists(list), let bytes = try? Files.read(list, limit: 256 << 20) else {
            return ImportedFiles(newest: newest)
        }
        return ImportedFiles(bytes, newest: newest)
    }

    /// Only saves work: what cannot be written is read again.
    func keep(_ files: ImportedFiles) { try? Files.writeInOneStep(files.bytes, to: list) }
}
