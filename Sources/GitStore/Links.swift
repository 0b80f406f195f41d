internal import BuildModel
internal import Glibc
internal import Platform

/// Symbolic links of our own making.
enum Links {
    /// Makes `path` a link to `target` in one step, whatever was there: who reads it sees the old one or the new one.
    static func replace(_ path: String, target: String) throws(BuildFailure) {
        let fresh = "\(path).\(getpid())"
        try Directories.remove(fresh)
        guard unsafe symlink(target, fresh) == 0, unsafe rename(fresh, path) == 0 else {
            throw .system(errno: errno, operation: "git.start", message: "Cannot make the link '\(path)'.")
        }
    }
}
