package import BuildModel
internal import Glibc

/// Whole-file helpers for small files: configuration, rules, manifests.
package enum Files {
    /// Reads a regular file.
    ///
    /// - Parameter limit: the most bytes that are read; a larger file is a failure with code `limit_exceeded`.
    /// - Throws: `BuildFailure`: `not_found` if there is no such file, else `system`; both name the path.
    package static func read(_ path: String, limit: Int = 16 << 20) throws(BuildFailure) -> [UInt8] {
        guard exists(path) else {
            throw BuildFailure(.platform, .notFound, operation: "file.read", message: "There is no file '\(path)'.")
        }
        let file = try FileContent(path: path)
        guard file.size <= limit else {
            throw BuildFailure(
                .platform,
                .limitExceeded,
                operation: "file.read",
                message: "'\(path)' has \(file.size) bytes; at most \(limit) are read."
            )
        }
        return try bytes(of: file)
    }

    /// Reads a file of the kernel's, whose size nobody knows before: proc(5), sysfs(5).
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package static func read(kernelFile path: String) throws(BuildFailure) -> [UInt8] {
        let file = try FileContent(path: path)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
        defer { unsafe room.deallocate() }
        let count = try unsafe file.read(at: 0, into: room)
        return unsafe Array(room[..<count])
    }

    /// Reads standard input to its end, whatever it is connected to.
    ///
    /// - Throws: `BuildFailure`: `limit_exceeded` after `limit` bytes, else `system`.
    package static func readStandardInput(limit: Int) throws(BuildFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe Glibc.read(0, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw .system(errno: errno, operation: "file.read", message: "Cannot read standard input.")
            }
            if count == 0 { return bytes }
            bytes += chunk.prefix(count)
            guard bytes.count <= limit else {
                throw BuildFailure(
                    .platform,
                    .limitExceeded,
                    operation: "file.read",
                    message: "Standard input has more than \(limit) bytes."
                )
            }
        }
    }

    /// All bytes of a blob content, in memory.
    package static func bytes(of content: some BlobContent) throws(BuildFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(content.size))
        var filled = 0
        while filled < bytes.count {
            let count = try readInto(&bytes, from: content, at: filled)
            guard count > 0 else { break }
            filled += count
        }
        return filled == bytes.count ? bytes : Array(bytes.prefix(filled))
    }

    private static func readInto(_ bytes: inout [UInt8], from content: some BlobContent, at offset: Int)
        throws(BuildFailure) -> Int
    {
        let result: Result<Int, BuildFailure> = unsafe bytes.withUnsafeMutableBytes { buffer in
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<buffer.count])
            return Result { () throws(BuildFailure) in try unsafe content.read(at: Int64(offset), into: rest) }
        }
        return try result.get()
    }

    /// Whether anything is at `path`, following links.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Replaces the file at `path` in one step: writes a neighbour, syncs it, renames it.
    package static func writeAtomically(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws(BuildFailure) {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw .system(errno: errno, operation: "file.write", message: "Cannot write '\(path)'.")
        }
        var error = writeAll(bytes, to: descriptor)
        if error == 0 && fsync(descriptor) != 0 { error = errno }
        close(descriptor)
        guard error == 0, unsafe Glibc.rename(temporary, path) == 0 else {
            let reason = error == 0 ? errno : error
            unsafe unlink(temporary)
            throw .system(errno: reason, operation: "file.write", message: "Cannot write '\(path)'.")
        }
    }

    /// Returns 0 or the error number.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return errno }
            written += count
        }
        return 0
    }
}
