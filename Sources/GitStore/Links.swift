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

    /// Opens a directory, in the place of what another descriptor stood for where one is given.
    static func open(directory path: String, as place: Int32?) throws(BuildFailure) -> Int32 {
        let fresh = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard fresh >= 0 else {
            throw .system(errno: errno, operation: "git.start", message: "Cannot open the directory '\(path)'.")
        }
        guard let place else { return fresh }
        defer { close(fresh) }
        guard dup2(fresh, place) >= 0, fcntl(place, F_SETFD, FD_CLOEXEC) == 0 else {
            throw .system(errno: errno, operation: "git.start", message: "Cannot open the directory '\(path)'.")
        }
        return place
    }
}
