internal import BuildModel
internal import CGit2
internal import Glibc

/// One entry of a tree object as git stores it.
@safe
struct TreeRecord {
    let kind: TreeEntry.Kind
    /// As the tree has it: several stand for one kind.
    let mode: UInt32
    /// Belongs to the records that it came from, and lives as long.
    let name: UnsafeRawBufferPointer
    fileprivate let id: UnsafeRawPointer

    /// The id as libgit2 has it.
    var form: git_oid {
        var form = git_oid()
        unsafe withUnsafeMutableBytes(of: &form) { form in
            unsafe form.copyMemory(from: UnsafeRawBufferPointer(start: id, count: TreeRecords.idSize))
        }
        return form
    }

    /// Whether both are the same object.
    func hasObject(of other: TreeRecord) -> Bool {
        unsafe memcmp(id, other.id, TreeRecords.idSize) == 0
    }
}

/// The entries of a tree object, one after another: mode in octal digits, a blank, the name, NUL, and 20 bytes of id.
///
/// Read here because the library makes an object of every entry before the first can be asked for.
@safe
final class TreeRecords {
    fileprivate static let idSize = 20

    /// nil for bytes of our own.
    private let object: OpaquePointer?
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// Bytes of the tree object.
    var size: Int { unsafe bytes.count }

    init(owning object: OpaquePointer) {
        unsafe self.object = object
        unsafe bytes = UnsafeRawBufferPointer(start: git_odb_object_data(object), count: git_odb_object_size(object))
    }

    init(copying tree: [UInt8]) {
        unsafe object = nil
        let own = UnsafeMutableRawBufferPointer.allocate(byteCount: tree.count, alignment: 1)
        unsafe own.copyBytes(from: tree)
        unsafe bytes = UnsafeRawBufferPointer(own)
    }

    deinit {
        if let object = unsafe object { unsafe git_odb_object_free(object) } else { unsafe bytes.deallocate() }
    }

    enum Failure: Error {
        /// The object is no list of entries.
        case malformed
    }

    /// The next entry; nil after the last.
    func next() throws(Failure) -> TreeRecord? {
        guard unsafe position < bytes.count else { return nil }
        let mode = try mode()
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[position...])
        guard let end = unsafe rest.firstIndex(of: 0), end > 0, rest.count - end > Self.idSize,
            let id = unsafe rest.baseAddress.map({ unsafe $0 + end + 1 })
        else { throw .malformed }
        position += end + 1 + Self.idSize
        return unsafe TreeRecord(
            kind: Self.kind(mode),
            mode: mode,
            name: UnsafeRawBufferPointer(rebasing: rest[..<end]),
            id: id
        )
    }

    private func mode() throws(Failure) -> UInt32 {
        var mode: UInt32 = 0
        let start = position
        while unsafe position < bytes.count {
            let byte = unsafe bytes[position]
            position += 1
            if byte == UInt8(ascii: " "), position - start > 1 { return mode }
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte), position - start <= 7 else { break }
            mode = mode << 3 | UInt32(byte & 7)
        }
        throw .malformed
    }

    /// What libgit2 takes modes for; older gits have written others than today's five.
    private static func kind(_ mode: UInt32) -> TreeEntry.Kind {
        switch mode & S_IFMT {
        case S_IFDIR: .directory
        case _ where mode & 0o111 != 0: .executable
        case S_IFDIR | S_IFLNK: .submodule
        case S_IFLNK: .symbolicLink
        default: .file
        }
    }
}
