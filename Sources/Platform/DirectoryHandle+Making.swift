package import BuildModel
internal import Glibc

extension DirectoryHandle {
    /// Makes a directory that only its owner may enter, until attributes say otherwise.
    ///
    /// - Returns: whether it was made; false if the name was there.
    package func makeDirectory(_ name: [UInt8]) throws(BuildFailure) -> Bool {
        try make("make the directory", name) { unsafe mkdirat(descriptor, $0, 0o700) }
    }

    /// Makes a regular file.
    ///
    /// - Returns: nil if the name was there.
    package func makeFile(_ name: [UInt8]) throws(BuildFailure) -> NewFile? {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let opened = unsafe openat(descriptor, Self.cString(name), flags, 0o600)
        if opened >= 0 { return NewFile(descriptor: opened) }
        guard errno == EEXIST else { throw failure("make the file", name) }
        return nil
    }

    /// - Returns: whether it was made; false if the name was there.
    package func makeSymbolicLink(_ name: [UInt8], to target: [UInt8]) throws(BuildFailure) -> Bool {
        try make("make the link", name) { unsafe symlinkat(Self.cString(target), descriptor, $0) }
    }

    /// Gives a file of another directory a name in this one. The file is not followed if it is a symbolic link.
    ///
    /// - Returns: whether it was made; false if the name was there.
    package func makeHardLink(
        _ name: [UInt8],
        to other: [UInt8],
        in directory: DirectoryHandle
    ) throws(BuildFailure) -> Bool {
        try make("make the hard link", name) {
            unsafe linkat(directory.descriptor, Self.cString(other), descriptor, $0, 0)
        }
    }

    /// - Returns: whether it was made; false if the name was there.
    package func makePipe(_ name: [UInt8]) throws(BuildFailure) -> Bool {
        try make("make the pipe", name) { unsafe mknodat(descriptor, $0, S_IFIFO | 0o600, 0) }
    }

    /// Marks a name as deleted for overlayfs.
    ///
    /// - Returns: whether it was made; false if the name was there.
    package func makeWhiteout(_ name: [UInt8]) throws(BuildFailure) -> Bool {
        try make("mark as deleted", name) { unsafe mknodat(descriptor, $0, S_IFCHR, 0) }
    }

    /// Removes a name, with everything in it if it is a directory; nothing there is fine.
    package func remove(_ name: [UInt8]) throws(BuildFailure) {
        try Directories.remove(Self.cString(name), at: descriptor, shown: Self.shown(name))
    }

    private func make(_ action: String, _ name: [UInt8], _ call: ([CChar]) -> Int32) throws(BuildFailure) -> Bool {
        if call(Self.cString(name)) == 0 { return true }
        guard errno == EEXIST else { throw failure(action, name) }
        return false
    }
}

/// A regular file that is being made. Confined to one thread at a time.
package final class NewFile {
    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Writes all bytes at an offset; what no write covers is zeros.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(BuildFailure) {
        var written = 0
        while written < bytes.count {
            let start = unsafe bytes.baseAddress?.advanced(by: written)
            let count = unsafe pwrite(descriptor, start, bytes.count - written, off_t(offset) + off_t(written))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw .system(errno: errno, operation: "file.write", message: "Cannot write \(bytes.count) bytes.")
            }
            written += count
        }
    }

    /// Sets the file's size: what was not written before it is zeros.
    package func setSize(_ size: Int64) throws(BuildFailure) {
        guard ftruncate(descriptor, off_t(size)) == 0 else {
            throw .system(errno: errno, operation: "file.write", message: "Cannot make a file \(size) bytes long.")
        }
    }

    /// Sets everything; to be called after the last write.
    package func apply(_ attributes: FileAttributes) throws(BuildFailure) {
        try AttributeWriter.apply(attributes, to: descriptor, times: true)
    }
}
