internal import BuildModel
internal import Glibc
internal import Platform
internal import Subprocess
internal import SystemPackage

/// Files with empty file systems, one for each size, which are copied for every step: a copy takes a millisecond, making one twenty.
actor EmptyDisks {
    nonisolated let directory: String

    init(directory: String) {
        self.directory = directory
    }

    /// The file whose file system has room for `bytes`, made if it is not there.
    func path(bytes: Int64) async throws -> String {
        let mebibytes = (bytes + (1 << 20) - 1) >> 20
        let path = "\(directory)/disk-\(mebibytes)M-\(Self.bytesPerFile).img"
        if Files.exists(path) {
            try Files.touch(path)
            return path
        }
        try Directories.create(directory, mode: 0o700)
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max))"
        defer { unsafe unlink(temporary) }
        try await make(temporary, bytes: Self.deviceSize(holding: mebibytes << 20))
        guard unsafe rename(temporary, path) == 0 else {
            throw BuildFailure.system(errno: errno, operation: "sandbox.disk", message: "Cannot write '\(path)'.")
        }
        return path
    }

    /// Removes what nobody asked for in a month, and what processes that are gone did not finish.
    func tidy() throws(BuildFailure) {
        guard Directories.exists(directory) else { return }
        let now = SystemInformation.currentMilliseconds * 1_000_000
        for file in try Directories.files(in: directory) where file.name.hasPrefix("disk-") {
            let age: Duration = file.name.hasSuffix(".img") ? .seconds(30 * 86_400) : .seconds(3600)
            if now - file.modified > age.milliseconds * 1_000_000 { try Files.remove("\(directory)/\(file.name)") }
        }
    }

    /// What package managers install has files of some 8 KiB.
    private static let bytesPerFile: Int64 = 8192

    /// Inodes of 256 bytes, and some for bitmaps.
    private static func deviceSize(holding bytes: Int64) -> Int64 {
        bytes + bytes / bytesPerFile * 256 + bytes / 200 + (2 << 20)
    }

    /// No journal and no room to grow: nothing of it outlives a crash, and the copy stays small.
    private func make(_ path: String, bytes: Int64) async throws {
        let arguments = [
            "-q", "-b", "4096", "-i", "\(Self.bytesPerFile)", "-m", "0", "-O", "^has_journal,^resize_inode", "-E",
            "lazy_itable_init=1,nodiscard", path, "\(bytes >> 10)k",
        ]
        let result = try await Subprocess.run(
            .name("mkfs.ext4"),
            arguments: Arguments(arguments),
            environment: .custom(["PATH": "/usr/sbin:/sbin:/usr/bin:/bin"]),
            input: .none,
            output: .discarded,
            error: .string(limit: 4096)
        )
        guard case .exited(0) = result.terminationStatus else {
            throw BuildFailure.sandbox("mkfs.ext4 cannot make the disk of a step.", cause: result.standardError)
        }
    }
}
