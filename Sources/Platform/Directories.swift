package import BuildModel
internal import Glibc

/// Directories: made with their parents, listed, removed.
package enum Directories {
    /// Where passing files go: `TMPDIR`, else `/tmp`.
    package static var temporary: String { SystemInformation.environment("TMPDIR") ?? "/tmp" }

    /// Makes `path` and its parents; one that is there already is fine.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package static func create(_ path: String, mode: UInt32 = 0o755) throws(BuildFailure) {
        var partial = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            partial += partial.isEmpty || partial.hasSuffix("/") ? part : "/" + part
            guard unsafe mkdir(partial, mode) == 0 || errno == EEXIST else {
                throw .system(
                    errno: errno,
                    operation: "directory.create",
                    message: "Cannot make the directory '\(partial)'."
                )
            }
        }
    }

    /// Makes a directory that only this user may enter, in one that is there; one that is there already is a failure.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package static func createNew(_ path: String) throws(BuildFailure) {
        guard unsafe mkdir(path, 0o700) == 0 else {
            throw .system(errno: errno, operation: "directory.create", message: "Cannot make the directory '\(path)'.")
        }
    }

    /// Sets permission bits, whatever the umask says.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package static func setMode(_ path: String, _ mode: UInt32) throws(BuildFailure) {
        guard unsafe chmod(path, mode) == 0 else {
            throw .system(errno: errno, operation: "directory.mode", message: "Cannot set the mode of '\(path)'.")
        }
    }

    /// Gives a directory to a user and the group of the same number.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package static func setOwner(_ path: String, _ owner: UInt32) throws(BuildFailure) {
        guard unsafe chown(path, owner, owner) == 0 else {
            throw .system(errno: errno, operation: "directory.owner", message: "Cannot give '\(path)' to \(owner).")
        }
    }

    /// The names in a directory, sorted by their bytes, without `.` and `..`.
    package static func list(_ path: String) throws(BuildFailure) -> [String] {
        guard let stream = unsafe opendir(path) else {
            throw .system(errno: errno, operation: "directory.list", message: "Cannot list the directory '\(path)'.")
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Whether `path` is a directory, following links.
    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes a fresh directory under `parent` whose name starts with `prefix`; only its owner may enter it.
    package static func createTemporary(in parent: String, prefix: String) throws(BuildFailure) -> String {
        var template = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw .system(
                errno: errno,
                operation: "directory.create",
                message: "Cannot make a directory in '\(parent)'."
            )
        }
        return template.text
    }
}
