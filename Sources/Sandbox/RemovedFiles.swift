internal import Glibc
internal import Platform

/// Files without a name that processes still have open: they take room, and no directory shows them.
enum RemovedFiles {
    /// Descriptors that are looked at: whoever opens more of them pays for it in other ways.
    private static let mostDescriptors = 100_000

    /// Bytes of those on the disk of `path` that processes of a control group have. What they cannot be seen to have counts as nothing.
    static func bytes(of group: String, onDiskOf path: String) -> Int64 {
        var disk = stat()
        guard unsafe stat(path, &disk) == 0 else { return 0 }
        var left = mostDescriptors
        var found: [UInt64: Int64] = [:]
        for process in DelegatedGroup.processes(in: group) where process > 0 {
            // Whatever ends meanwhile has nothing open.
            try? DirectoryHandle(path: "/proc/\(process)/fd").eachName { name in
                left -= 1
                guard left > 0 else { return }
                var status = stat()
                let file = "/proc/\(process)/fd/\(String(decoding: name, as: UTF8.self))"
                guard unsafe stat(file, &status) == 0, status.st_nlink == 0, status.st_dev == disk.st_dev else {
                    return
                }
                found[UInt64(status.st_ino)] = Int64(status.st_blocks) * 512
            }
        }
        return found.values.reduce(0, +)
    }
}
