package import BuildModel
internal import Platform

/// A directory that was taken in: the scratch repository with its objects.
struct ImportedDirectory: Sendable {
    /// A temporary directory, removed with its last reference.
    final class Scratch: Sendable {
        let path: String

        init(in parent: String?) throws(BuildFailure) {
            path = try ScratchDirectories.create(in: parent, prefix: "slipway-import-")
        }

        deinit { ScratchDirectories.remove(path) }
    }

    let scratch: Scratch
    let commit: ObjectID
    let details: SourceDetails
}

extension LocalRepository {
    /// What is to be said of files that an app which is not root could not read; nil if there are none.
    package var unreadableNote: String? {
        let entries = imported?.details.entries ?? [:]
        let paths = entries.filter { $0.value.mode & 0o004 == 0 }.keys
        guard let first = paths.min(by: { $0.lexicographicallyPrecedes($1) }) else { return nil }
        let shown = LibraryError.cleaned(String(decoding: first, as: UTF8.self))
        let others = paths.count == 1 ? "" : ", nor \(paths.count - 1) others"
        return "An app that is not root cannot read '\(shown)'\(others): modes are kept as they are."
    }
}

extension BuildFailure.Code {
    /// A file is neither regular, nor a directory, nor a symbolic link.
    package static let unsupportedFile = Self(rawValue: "unsupported_file")
}
