package import BuildModel

extension Directories {
    /// Directories within directories that are looked into; what is deeper is nobody's cache.
    private static let deepest = 256
    /// What is looked at in all: whoever writes meanwhile cannot keep this from ending.
    private static let mostEntries = 4_000_000
    /// What a name costs the file system beside the file's bytes.
    private static let entryBytes: Int64 = 256

    /// Bytes of the regular files below a directory and of their names, without following links; `Int64.max` if there are too many,
    /// or if it is too deep to look at. Others may write to the tree meanwhile: what vanishes counts as nothing.
    ///
    /// - Throws: `BuildFailure` with code `system`, or `cancelled`.
    package static func treeSize(
        _ path: String,
        cancellation: CancelFlag = CancelFlag()
    ) throws(BuildFailure) -> Int64 {
        guard let root = try rootIfPresent(path) else { return 0 }
        var entries = 0
        do {
            return try treeSize(root, depth: 0, &entries, cancellation)
        } catch  where error.code == .limitExceeded {
            return .max
        }
    }

    /// Nil if it is gone, be it while it is opened. One that others make again and again is tried some times.
    private static func rootIfPresent(_ path: String) throws(BuildFailure) -> DirectoryHandle? {
        var attempts = 10
        while exists(path) {
            attempts -= 1
            do {
                return try DirectoryHandle(path: path)
            } catch  where attempts > 0 {
                continue
            }
        }
        return nil
    }

    private static let tooMuch = BuildFailure(
        .code,
        .limitExceeded,
        operation: "directory.size",
        message: "A directory has more in it, or is deeper, than is looked at."
    )

    private static func treeSize(
        _ directory: DirectoryHandle,
        depth: Int,
        _ entries: inout Int,
        _ cancellation: CancelFlag
    ) throws(BuildFailure) -> Int64 {
        guard depth < deepest else { throw tooMuch }
        var sum: Int64 = 0
        try directory.eachName { (name) throws(BuildFailure) in
            entries += 1
            guard entries <= mostEntries else { throw tooMuch }
            guard !cancellation.isSet else { throw .cancelled(operation: "directory.size") }
            guard let status = try directory.status(of: name) else { return }
            var size = entryBytes
            if status.kind == .file { size = size.addingWithoutOverflow(status.size) }
            if status.kind == .directory, let below = try directory.directoryIfPresent(name) {
                size = size.addingWithoutOverflow(try treeSize(below, depth: depth + 1, &entries, cancellation))
            }
            sum = sum.addingWithoutOverflow(size)
        }
        return sum
    }
}

extension Int64 {
    /// The sum, or the largest number if it is larger than that.
    package func addingWithoutOverflow(_ other: Int64) -> Int64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? .max : sum
    }
}

extension DirectoryHandle {
    /// Opens a directory in this one; nil if the name is gone or something else by now.
    fileprivate func directoryIfPresent(_ name: [UInt8]) throws(BuildFailure) -> DirectoryHandle? {
        do {
            return try directory(name)
        } catch {
            // Only what is there, and is a directory, and cannot be opened is a failure.
            guard try status(of: name)?.kind == .directory else { return nil }
            // It may have been made again since.
            return try? directory(name)
        }
    }
}
