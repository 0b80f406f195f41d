internal import BuildModel
internal import Glibc
internal import Platform

/// Symbolic links of our own making.
enum Links {
    /// Makes `path` a link to `target`, whatever was there.
    static func replace(_ path: String, target: String) throws(BuildFailure) {
        try Directories.remove(path)
        guard unsafe symlink(target, path) == 0 || errno == EEXIST else {
            throw .system(errno: errno, operation: "git.start", message: "Cannot make the link '\(path)'.")
        }
    }
}
