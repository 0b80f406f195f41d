package import BuildModel
internal import CGit2
internal import Platform

/// A directory that was taken in: the repository that has its objects.
struct ImportedDirectory: Sendable {
    /// A temporary directory, removed with its last reference.
    final class Scratch: Sendable {
        let path: String

        init(in parent: String?) throws(BuildFailure) {
            path = try ScratchDirectories.create(in: parent, prefix: "slipway-import-")
        }

        deinit { ScratchDirectories.remove(path) }
    }

    /// Of the repository.
    let path: String
    /// Held for as long as it is used; nil where it stays.
    let scratch: Scratch?
    let commit: ObjectID
    let details: SourceDetails
    /// Files whose content had to be read.
    let readFiles: Int
    /// Directories that were not taken in.
    let leftOut: [String]

    private init(_ commit: ObjectID, _ done: DirectoryImport, at path: String, _ scratch: Scratch? = nil) {
        self.path = path
        self.scratch = scratch
        self.commit = commit
        details = done.details.finish()
        readFiles = done.readFiles
        leftOut = done.leftOut
    }

    /// In a repository that is removed with the last reference.
    static func temporary(
        of directory: String,
        without unwanted: Set<FileIdentity>,
        in parent: String?
    ) async throws -> ImportedDirectory {
        let scratch = try Scratch(in: parent)
        return try await TreeReading.run(opening: { try Repository(creatingBareAt: scratch.path) }) {
            let nothing = ImportedFiles(newest: FileTime(seconds: 0))
            let (commit, done) = try take(directory, into: $0, knowing: nothing, without: unwanted, $1)
            return ImportedDirectory(commit, done, at: scratch.path, scratch)
        }
    }

    /// In a repository that stays, with what is in it from before; where that cannot be used, in a temporary one.
    static func kept(
        _ place: KeptImport,
        of directory: String,
        without unwanted: Set<FileIdentity>,
        settled: Duration
    ) async throws -> ImportedDirectory {
        let lock = try await MirrorLock.acquire(place.lockPath)
        do {
            return try await TreeReading.run(opening: { try place.open() }) { repository, flag in
                try withExtendedLifetime(lock) {
                    let files = place.files(settled: settled)
                    let (commit, done) = try take(directory, into: repository, knowing: files, without: unwanted, flag)
                    place.keep(done.files)
                    try place.note(commit)
                    return ImportedDirectory(commit, done, at: place.path)
                }
            }
        } catch is KeptImport.Unusable {
            return try await temporary(of: directory, without: unwanted, in: nil)
        }
    }

    private static func take(
        _ directory: String,
        into repository: Repository,
        knowing files: ImportedFiles,
        without unwanted: Set<FileIdentity>,
        _ flag: CancelFlag
    ) throws -> (ObjectID, DirectoryImport) {
        let objects = try unsafe repository.openObjects()
        defer { unsafe git_odb_free(objects) }
        var work = unsafe DirectoryImport(
            repository,
            objects,
            knowing: files,
            without: unwanted,
            cancelFlag: flag
        )
        let commit = try work.commit(directory)
        return (commit, work)
    }
}

extension BuildFailure.Code {
    /// A file is neither regular, nor a directory, nor a symbolic link.
    package static let unsupportedFile = Self(rawValue: "unsupported_file")
}
