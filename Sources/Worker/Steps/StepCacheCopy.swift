internal import BuildModel
internal import Platform

/// Copies a cache that another step has at this moment: what nobody has touched since that step took it. What it is writing stays
/// out, so that the copy has no file that is half of one.
struct StepCacheCopy {
    /// When the other step took the cache.
    let since: FileTime
    let cancellation: CancelFlag
    /// Bytes that may still be copied.
    private var room: Int64
    private var entries = 500_000

    private static let deepest = 64

    /// Copies what there is room for; a cache may lack anything.
    ///
    /// - Parameters:
    ///   - since: when the other step took the cache.
    ///   - limit: bytes to copy at most.
    /// - Throws: `BuildFailure` that says what could not be read or written, or that the build was cancelled.
    static func copy(
        _ source: String,
        to target: String,
        since: FileTime,
        limit: Int64,
        cancellation: CancelFlag
    ) throws(BuildFailure) {
        var copy = StepCacheCopy(since: since, cancellation: cancellation, room: limit)
        try copy.directory(DirectoryHandle(path: source), into: DirectoryHandle(path: target), depth: 0)
    }

    private mutating func directory(
        _ source: DirectoryHandle,
        into target: DirectoryHandle,
        depth: Int
    ) throws(BuildFailure) {
        for name in try source.names(limit: 500_000) {
            guard !cancellation.isSet else { throw .cancelled(operation: "steps.caches") }
            entries -= 1
            // What vanishes meanwhile is as if it had never been there.
            guard entries > 0, room > 0, let status = try source.status(of: name) else { continue }
            switch status.kind {
            case .directory where depth < Self.deepest:
                guard let below = try? source.directory(name), try target.makeDirectory(name) else { continue }
                try directory(below, into: try target.directory(name), depth: depth + 1)
            case .file where status.changed < since && status.size <= room: try file(name, status, source, target)
            case .symbolicLink where status.changed < since:
                guard let path = try? source.linkTarget(of: name) else { continue }
                _ = try target.makeSymbolicLink(name, to: path)
                try target.apply(Self.attributes(status), to: name, isLink: true)
            default: continue
            }
        }
        try target.apply(Self.attributes(try source.status()))
    }

    private mutating func file(
        _ name: [UInt8],
        _ status: FileStatus,
        _ source: DirectoryHandle,
        _ target: DirectoryHandle
    ) throws(BuildFailure) {
        guard let content = try? source.file(name), let copy = try target.makeFile(name) else { return }
        var buffer = [UInt8](repeating: 0, count: min(1 << 20, max(1, Int(status.size))))
        var offset: Int64 = 0
        while offset < status.size {
            let result: Result<Int, BuildFailure> = buffer.withUnsafeMutableBytes { bytes in
                Result { () throws(BuildFailure) in
                    let count = try content.read(at: offset, into: bytes)
                    try copy.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset)
                    return count
                }
            }
            let count = try result.get()
            guard count > 0 else { break }
            offset += Int64(count)
        }
        try copy.apply(Self.attributes(status))
        room -= offset
        // Whoever wrote to it in between has changed its time.
        guard try source.status(of: name)?.changed != status.changed else { return }
        try target.remove(name)
    }

    private static func attributes(_ status: FileStatus) -> FileAttributes {
        FileAttributes(mode: status.mode, user: status.user, group: status.group, modified: status.modified)
    }
}
