internal import BuildModel
internal import Glibc

/// What is in one directory, in git's order. Names lie in one piece of memory: a tree has tens of thousands of them.
@safe
final class DirectoryNames {
    struct Item {
        let kind: TreeEntry.Kind
        /// Where the name is, without the NUL that ends it.
        fileprivate let bytes: Range<Int>
        /// The first eight bytes as a number, which tell most names apart.
        fileprivate let beginning: UInt64
    }

    private let stream: OpaquePointer
    private var names: [UInt8] = []
    private(set) var items: [Item] = []

    /// Lists a directory without `.`, `..`, `.git` and what is neither file nor link nor directory.
    ///
    /// - Parameter descriptor: closed with this object, or at once if nil is returned since it is no directory.
    init?(owning descriptor: Int32) {
        guard let stream = unsafe fdopendir(descriptor) else {
            if descriptor >= 0 { close(descriptor) }
            return nil
        }
        unsafe self.stream = stream
        while let entry = unsafe readdir(stream) {
            let type = unsafe entry.pointee.d_type
            unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                let count = unsafe raw.firstIndex(of: 0) ?? raw.count
                unsafe add(UnsafeRawBufferPointer(rebasing: raw[..<count]), type: Int(type))
            }
        }
        unsafe names.withUnsafeBufferPointer { names in
            items.sort { unsafe Self.precedes($0, $1, in: names) }
        }
    }

    deinit { unsafe closedir(stream) }

    private func add(_ name: UnsafeRawBufferPointer, type: Int) {
        // Of the names that begin with a dot, three are never seen.
        if unsafe name.first == UInt8(ascii: "."),
            [".", "..", ".git"].contains(where: { unsafe name.elementsEqual($0.utf8) })
        {
            return
        }
        let start = names.count
        unsafe names.append(contentsOf: name)
        names.append(0)
        guard let kind = kind(type, nameAt: start) else { return names.removeSubrange(start...) }
        let end = names.count - 1
        items.append(Item(kind: kind, bytes: start..<end, beginning: beginning(start..<end, kind)))
    }

    /// The file system tells kinds with the names; some need another call.
    private func kind(_ type: Int, nameAt start: Int) -> TreeEntry.Kind? {
        switch type {
        case Int(DT_DIR): return .directory
        case Int(DT_REG): return .file
        case Int(DT_LNK): return .symbolicLink
        case Int(DT_UNKNOWN):
            var status = stat()
            let result = unsafe withName(at: start) { name in
                unsafe fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW)
            }
            return result == 0 ? DirectoryTree.kind(status.st_mode) : nil
        default: return nil
        }
    }

    /// The name as C has it, or -1 for one that is not there.
    private func withName(at start: Int, _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        unsafe names.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return -1 }
            return unsafe body((base + start).assumingMemoryBound(to: CChar.self))
        }
    }

    /// Adds a name to a path.
    func append(_ item: Item, to path: inout [UInt8]) { path.append(contentsOf: names[item.bytes]) }

    /// Opens a directory that is in this one; negative if it is gone, or a link by now.
    func open(_ item: Item) -> Int32 {
        unsafe withName(at: item.bytes.lowerBound) { name in
            unsafe openat(dirfd(stream), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
    }
}

/// Git's order: that of the bytes, where a directory sorts as if its name ended with a slash.
extension DirectoryNames {
    private func beginning(_ bytes: Range<Int>, _ kind: TreeEntry.Kind) -> UInt64 {
        var number: UInt64 = 0
        for index in bytes.lowerBound..<bytes.lowerBound + 8 {
            let byte = index < bytes.upperBound ? names[index] : index == bytes.upperBound ? Self.end(kind) : 0
            number = number << 8 | UInt64(byte)
        }
        return number
    }

    private static func precedes(_ one: Item, _ other: Item, in names: UnsafeBufferPointer<UInt8>) -> Bool {
        guard one.beginning == other.beginning else { return one.beginning < other.beginning }
        let count = min(one.bytes.count, other.bytes.count)
        for offset in 0..<count {
            let (left, right) = unsafe (names[one.bytes.lowerBound + offset], names[other.bytes.lowerBound + offset])
            if left != right { return left < right }
        }
        let (left, right) = unsafe (byte(of: one, at: count, in: names), byte(of: other, at: count, in: names))
        return left < right
    }

    private static func byte(of item: Item, at offset: Int, in names: UnsafeBufferPointer<UInt8>) -> UInt8 {
        unsafe offset < item.bytes.count ? names[item.bytes.lowerBound + offset] : end(item.kind)
    }

    private static func end(_ kind: TreeEntry.Kind) -> UInt8 { kind == .directory ? UInt8(ascii: "/") : 0 }
}
