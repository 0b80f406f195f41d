package import BuildModel
internal import Glibc

extension Files {
    /// Bytes that this process may still write to the file system of `path`; 0 if that cannot be told. statvfs(3).
    package static func freeBytes(at path: String) -> Int64 {
        var facts = statvfs()
        guard unsafe statvfs(path, &facts) == 0 else { return 0 }
        return Int64(facts.f_bavail) * Int64(facts.f_frsize)
    }

    /// How many files the file system of `path` can have, and how many more this process may make; nil where it sets no limit, or where that
    /// cannot be told. statvfs(3).
    package static func freeFiles(at path: String) -> (all: Int64, free: Int64)? {
        var facts = statvfs()
        guard unsafe statvfs(path, &facts) == 0, facts.f_files > 0 else { return nil }
        return (Int64(facts.f_files), Int64(facts.f_favail))
    }

    /// Writes a small file in `directory` and removes it: whether the directory takes files at all.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the directory and why not.
    package static func tryWriting(in directory: String) throws(BuildFailure) {
        let probe = "\(directory)/.slipway-probe-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { unsafe unlink(probe) }
        try writeAtomically([0], to: probe, mode: 0o600)
    }
}
