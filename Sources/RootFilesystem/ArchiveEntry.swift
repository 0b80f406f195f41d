internal import BuildModel
internal import CArchive
internal import Glibc
internal import Platform

/// One entry of a tar archive as libarchive reads it, before anybody believed it.
struct ArchiveEntry {
    enum Kind {
        case file, directory, pipe
        /// With its target.
        case symbolicLink([UInt8])
        /// With the path of an earlier entry.
        case hardLink([UInt8])
        /// Devices and sockets, which no image needs.
        case other
    }

    /// As the archive has it: may be absolute, or lead anywhere.
    var path: [UInt8]
    var kind: Kind
    /// Bytes that the file has, with holes.
    var size: Int64
    var attributes: FileAttributes

    /// Copies what is needed out of a `struct archive_entry`.
    init(_ entry: OpaquePointer) throws(BuildFailure) {
        path = unsafe Self.bytes(archive_entry_pathname(entry))
        size = unsafe archive_entry_size(entry)
        let (user, group) = unsafe (archive_entry_uid(entry), archive_entry_gid(entry))
        guard let user = UInt32(exactly: user), let group = UInt32(exactly: group), user != .max, group != .max else {
            throw UnpackFailure.invalid(path, "has an owner that Linux cannot hold")
        }
        attributes = FileAttributes(
            mode: UInt32(unsafe archive_entry_mode(entry)) & 0o7777,
            user: user,
            group: group,
            modified: FileTime(
                seconds: Int64(unsafe archive_entry_mtime(entry)),
                nanoseconds: Int64(unsafe archive_entry_mtime_nsec(entry))
            ),
            extended: unsafe Self.extendedAttributes(entry)
        )
        kind = unsafe Self.kind(entry)
    }

    private static func kind(_ entry: OpaquePointer) -> Kind {
        if let target = unsafe archive_entry_hardlink(entry) { return .hardLink(unsafe bytes(target)) }
        switch unsafe archive_entry_filetype(entry) {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        case S_IFLNK: return .symbolicLink(unsafe bytes(archive_entry_symlink(entry)))
        case S_IFIFO: return .pipe
        default: return .other
        }
    }

    private static func extendedAttributes(_ entry: OpaquePointer) -> [ExtendedAttribute] {
        var attributes: [ExtendedAttribute] = []
        unsafe archive_entry_xattr_reset(entry)
        while true {
            var (name, value, size): (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) = (nil, nil, 0)
            guard unsafe archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK else { return attributes }
            let key = String(decoding: unsafe bytes(name), as: UTF8.self)
            if key.isEmpty || OverlayAttributes.isReserved(key) { continue }
            let content = unsafe Array(UnsafeRawBufferPointer(start: value, count: size))
            attributes.append(ExtendedAttribute(name: key, value: content))
        }
    }

    private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
        guard let text = unsafe text else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }
}
