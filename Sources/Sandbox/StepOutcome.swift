internal import Glibc

/// What a step that ended with 0 left.
package struct StepOutcome: Sendable {
    /// What the step changed; it is gone when the last copy of this goes, so keep it while reading.
    package var changes: StepChanges
    /// The host's id of the step's id 0; ids up to 65535 follow.
    package var idBase: UInt32
    package var peakMemoryBytes: Int64
    package var processorTime: Duration
    /// From the start of the sandbox to its end.
    package var duration: Duration
    /// Bytes of the step's disk that were in use when it ended.
    package var diskBytes: Int64
    package var egress: EgressCounts

    /// The overlay's upper directory: whiteouts are devices 0:0, and ids are the host's, from `idBase`.
    package var upperDirectory: String { changes.path }
}

/// The directory that took a step's changes, in a file system that exists as long as this.
package final class StepChanges: Sendable {
    private let descriptor: Int32

    /// Takes over the descriptor of a directory.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// A path that leads there from this process and its children. Its mount is nobody's but the descriptor's.
    package var path: String { "/proc/\(getpid())/fd/\(descriptor)/." }

    /// What is in use and free in the file system; nil where that cannot be told.
    func usage() -> DiskPeak? {
        var status = statvfs()
        guard unsafe fstatvfs(descriptor, &status) == 0 else { return nil }
        let block = Int64(status.f_frsize)
        return DiskPeak(
            used: (Int64(status.f_blocks) - Int64(status.f_bfree)) * block,
            free: Int64(status.f_bavail) * block,
            files: Int64(status.f_files),
            freeFiles: Int64(status.f_favail)
        )
    }
}

/// What the proxy of a step let through and refused.
package struct EgressCounts: Sendable, Hashable {
    package var allowed = 0
    package var refused = 0
    package var bytesIn: Int64 = 0
    package var bytesOut: Int64 = 0

    package init() {}
}
