package import BuildModel
internal import CShims
internal import Glibc

/// Sets owners, modes, extended attributes and times, in the order in which one does not undo the other: a change of owner
/// takes setuid and capabilities away, and everything changes times.
enum AttributeWriter {
    static func apply(_ attributes: FileAttributes, to descriptor: Int32, times: Bool) throws(BuildFailure) {
        guard fchown(descriptor, attributes.user, attributes.group) == 0 else { throw failure("owner") }
        guard fchmod(descriptor, attributes.mode) == 0 else { throw failure("mode") }
        for attribute in attributes.extended {
            try check(unsafe set(attribute, of: descriptor, at: nil), attribute)
        }
        guard times else { return }
        guard unsafe futimens(descriptor, pair(attributes.modified)) == 0 else { throw failure("time") }
    }

    /// - Parameter path: nil for the open file itself.
    static func set(_ attribute: ExtendedAttribute, of descriptor: Int32, at path: UnsafePointer<CChar>?) -> Int32 {
        let value = attribute.value
        return unsafe slipway_set_attribute(descriptor, path, attribute.name, value, UInt(value.count))
    }

    static func pair(_ time: FileTime) -> [timespec] {
        let value = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        return [value, value]
    }

    /// Attributes that the file system, or this process, cannot set are let go: security labels mean nothing on another
    /// node. But a program that lost its capabilities would not work.
    static func check(_ result: Int32, _ attribute: ExtendedAttribute) throws(BuildFailure) {
        guard result != 0 else { return }
        let isTolerable = errno == ENOTSUP || errno == EPERM
        guard isTolerable, attribute.name != ExtendedAttribute.fileCapability else {
            throw failure("attribute '\(attribute.name.prefix(100))'")
        }
    }

    static func failure(_ what: String) -> BuildFailure {
        .system(errno: errno, operation: "file.attributes", message: "Cannot set the \(what) of a file.")
    }
}

extension DirectoryHandle {
    /// Sets what the directory itself has; its time changes again with every name that is made in it.
    package func apply(_ attributes: FileAttributes) throws(BuildFailure) {
        try AttributeWriter.apply(attributes, to: descriptor, times: true)
    }

    /// Sets one extended attribute of the directory itself.
    package func set(_ attribute: ExtendedAttribute) throws(BuildFailure) {
        guard unsafe AttributeWriter.set(attribute, of: descriptor, at: nil) == 0 else {
            throw AttributeWriter.failure("attribute '\(attribute.name)'")
        }
    }

    /// Sets the directory's own time.
    package func setModified(_ time: FileTime) throws(BuildFailure) {
        guard unsafe futimens(descriptor, AttributeWriter.pair(time)) == 0 else {
            throw AttributeWriter.failure("time")
        }
    }

    /// Sets what a symbolic link or a pipe has. A link has no mode.
    package func apply(_ attributes: FileAttributes, to name: [UInt8], isLink: Bool) throws(BuildFailure) {
        let path = Self.cString(name)
        guard unsafe fchownat(descriptor, path, attributes.user, attributes.group, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw AttributeWriter.failure("owner")
        }
        if !isLink {
            guard unsafe fchmodat(descriptor, path, attributes.mode, 0) == 0 else {
                throw AttributeWriter.failure("mode")
            }
        }
        for attribute in attributes.extended {
            let result = unsafe AttributeWriter.set(attribute, of: -1, at: pathThroughHandle(name))
            try AttributeWriter.check(result, attribute)
        }
        let times = AttributeWriter.pair(attributes.modified)
        guard unsafe utimensat(descriptor, path, times, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw AttributeWriter.failure("time")
        }
    }

    /// A path to a name for calls that have no form with a descriptor: the way to the directory is the descriptor's own.
    func pathThroughHandle(_ name: [UInt8]) -> [CChar] {
        Self.cString(Array("/proc/self/fd/\(descriptor)/".utf8) + name)
    }
}
