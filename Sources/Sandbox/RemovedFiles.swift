internal import Glibc
internal import Platform

/// Files without a name that processes still have open: they take room, and no directory shows them.
struct RemovedFiles {
    /// Descriptors that are looked at: whoever opens more of them pays for it in other ways.
    private static let mostDescriptors = 100_000

    /// What one of them takes, and where it was, as the step saw it.
    private struct File {
        var bytes: Int64
        var path: String

        func isBelow(_ mount: String) -> Bool { path.hasPrefix(mount.hasSuffix("/") ? mount : "\(mount)/") }
    }

    private let files: [File]

    /// Looks at those on the disk of `path` that processes of a control group have. Waits for the kernel: no call for the cooperative pool.
    /// What they cannot be seen to have is nothing.
    init(of group: String, onDiskOf path: String) {
        var disk = stat()
        guard unsafe stat(path, &disk) == 0 else {
            files = []
            return
        }
        var left = Self.mostDescriptors
        var found: [UInt64: File] = [:]
        for process in DelegatedGroup.processes(in: group) where process > 0 {
            // Whatever ends meanwhile has nothing open.
            try? DirectoryHandle(path: "/proc/\(process)/fd").eachName { name in
                left -= 1
                guard left > 0 else { return }
                var status = stat()
                let link = "/proc/\(process)/fd/\(String(decoding: name, as: UTF8.self))"
                guard unsafe stat(link, &status) == 0, status.st_nlink == 0, status.st_dev == disk.st_dev else {
                    return
                }
                found[UInt64(status.st_ino)] = File(bytes: Int64(status.st_blocks) * 512, path: Self.target(of: link))
            }
        }
        files = Array(found.values)
    }

    /// Bytes of those that were below the mount `path` of the step, one of `mounts`. What was below none of them counts for each: an image
    /// may lead to them by links.
    func bytes(below path: String, of mounts: [String]) -> Int64 {
        files.reduce(0) { sum, file in
            let mount = mounts.filter { file.isBelow($0) }.max { $0.utf8.count < $1.utf8.count }
            return mount == nil || mount == path ? sum.addingWithoutOverflow(file.bytes) : sum
        }
    }

    /// Where the kernel says that an open file is: proc_pid_fd(5).
    private static func target(of link: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink(link, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
