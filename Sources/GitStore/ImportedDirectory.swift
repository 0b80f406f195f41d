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

extension BuildFailure.Code {
    /// A file is neither regular, nor a directory, nor a symbolic link.
    package static let unsupportedFile = Self(rawValue: "unsupported_file")
}
