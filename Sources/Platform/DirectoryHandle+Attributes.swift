package import BuildModel
internal import CShims
internal import Glibc

extension DirectoryHandle {
    /// The extended attributes of a name that `isWanted`, sorted; a symbolic link's own. None where the file system has none, and
    /// none whose name is not UTF-8, which no archive can hold.
    ///
    /// - Throws: `BuildFailure` with code `system`.
    package func extendedAttributes(
        of name: [UInt8],
        where isWanted: (String) -> Bool = { _ in true }
    ) throws(BuildFailure) -> [ExtendedAttribute] {
        try ExtendedAttribute.all(at: pathThroughHandle(name), shown: Self.shown(name), where: isWanted)
    }

    /// The value of one extended attribute of the directory itself; nil if it has none of that name.
    package func extendedAttribute(_ key: String) throws(BuildFailure) -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: 256)
        let count = unsafe slipway_get_attribute(descriptor, nil, key, &value, UInt(value.count))
        if count >= 0 { return Array(value.prefix(count)) }
        guard errno == ENODATA || errno == ENOTSUP else { throw failure("read an attribute of a directory", []) }
        return nil
    }
}

extension ExtendedAttribute {
    /// As `DirectoryHandle.extendedAttributes(of:where:)`.
    ///
    /// - Parameters:
    ///   - path: terminated by NUL; not followed if it is a symbolic link.
    ///   - shown: the path for people.
    package static func all(
        at path: [CChar],
        shown: String,
        where isWanted: (String) -> Bool
    ) throws(BuildFailure) -> [ExtendedAttribute] {
        let list = try unsafe read("list the attributes of", shown) { names, size in
            unsafe slipway_list_attributes(path, names?.assumingMemoryBound(to: CChar.self), UInt(size))
        }
        var attributes: [ExtendedAttribute] = []
        for key in list.split(separator: 0) {
            guard let key = String(validating: key, as: UTF8.self), isWanted(key) else { continue }
            let value = try unsafe read("read an attribute of", shown) { value, size in
                unsafe slipway_get_attribute(-1, path, key, value, UInt(size))
            }
            attributes.append(ExtendedAttribute(name: key, value: value))
        }
        return attributes.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Calls once for the size, and again for the bytes.
    private static func read(
        _ action: String,
        _ shown: String,
        _ call: (UnsafeMutableRawPointer?, Int) -> Int
    ) throws(BuildFailure) -> [UInt8] {
        let size = call(nil, 0)
        if size == 0 { return [] }
        if size < 0 {
            if errno == ENOTSUP || errno == ENODATA { return [] }
            throw .system(errno: errno, operation: "file.attributes", message: "Cannot \(action) '\(shown)'.")
        }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe call($0.baseAddress, $0.count) }
        guard count >= 0 else {
            throw .system(errno: errno, operation: "file.attributes", message: "Cannot \(action) '\(shown)'.")
        }
        return Array(bytes.prefix(count))
    }
}
