internal import BuildModel
internal import CGit2
internal import Compression
internal import Platform
internal import Synchronization

/// The blobs of a repository, for many threads: packs and loose objects are read here, with libdeflate, and what is kept in
/// any other way by libgit2, one thread at a time.
///
/// libgit2 inflates with zlib, which takes three times as long, and each of its handles belongs to one thread.
final class StoredBlobs: BlobReader {
    private let directories: [String]
    private let packs: [Pack]
    private let memory: PackMemory
    private let library: LibraryBlobs
    private let limits: ReadLimits

    /// - Parameters:
    ///   - repository: its git directory is read now; it need not outlive this object.
    ///   - limits: also for objects that others are made from.
    init(_ repository: Repository, _ limits: ReadLimits, _ memory: PackMemory = PackMemory()) {
        directories = Self.objectDirectories(from: repository.commonPath + "objects")
        // A pack that cannot be used is left to libgit2, which tells what is wrong with it.
        packs = directories.flatMap(Self.indexes).enumerated().compactMap { number, index in
            try? Pack(index: index, number: number, memory)
        }
        self.memory = memory
        library = LibraryBlobs(repository.path)
        self.limits = limits
    }

    func read(_ id: ObjectID, into buffer: UnsafeMutableRawBufferPointer) throws {
        try limits.checkCancellation()
        if let (pack, offset) = find(id) { return try unsafe pack.read(at: offset, into: buffer, limits) }
        if let loose = try loose(id) { return try unsafe loose.read(into: buffer, with: memory.inflaters) }
        try unsafe library.withBlob(id) { bytes in
            guard bytes.count == buffer.count else { throw BuildFailure.damaged("The object \(id)", cause: nil) }
            unsafe buffer.copyMemory(from: bytes)
        }
    }

    func forEachPiece(of id: ObjectID, size: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try limits.checkCancellation()
        if size <= Pack.large { return try unsafe lendWhole(id, size: Int(size), body) }
        try unsafe parts(of: id, size: size).forEachPiece { piece in
            try limits.checkCancellation()
            try unsafe body(piece)
        }
    }

    func parts(of id: ObjectID, size: Int64) throws -> any BlobParts {
        try limits.checkCancellation()
        if let (pack, offset) = find(id) { return try pack.parts(at: offset, size: size, limits) }
        if let loose = try loose(id) { return try loose.parts(size: size) }
        let content = try SpoolFile(in: Directories.temporary)
        try unsafe library.withBlob(id) { try unsafe content.append($0) }
        guard content.size == size else { throw BuildFailure.damaged("The object \(id)", cause: nil) }
        return ContentParts(content)
    }

    /// What fits in memory is inflated at once, which is three times as fast.
    private func lendWhole(_ id: ObjectID, size: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { unsafe buffer.deallocate() }
        try unsafe read(id, into: buffer)
        if size > 0 { try unsafe body(UnsafeRawBufferPointer(buffer)) }
    }

    /// The bytes of a tree of a pack, as read as blobs are; nil for what is kept in another way, is too large, or is damaged: libgit2 tells.
    ///
    /// - Throws: `BuildFailure` with code `cancelled`.
    func tree(_ id: ObjectID) throws(BuildFailure) -> [UInt8]? {
        guard let (pack, offset) = find(id) else { return nil }
        do {
            return try pack.tree(at: offset, limit: Int64(Repository.maximumTreeBytes), limits)
        } catch {
            try limits.checkCancellation()
            return nil
        }
    }

    private func find(_ id: ObjectID) -> (Pack, Int64)? {
        let packed = PackedID(id)
        for pack in packs { if let offset = pack.offset(of: packed) { return (pack, offset) } }
        return nil
    }

    private func loose(_ id: ObjectID) throws(BuildFailure) -> LooseObject? {
        for directory in directories { if let loose = try LooseObject(id, in: directory) { return loose } }
        return nil
    }

    /// A directory of objects and those that its `info/alternates` names: gitrepository-layout(5).
    private static func objectDirectories(from first: String) -> [String] {
        var all = [first]
        var next = 0
        while next < all.count, all.count < 256 {
            defer { next += 1 }
            let file = "\(all[next])/info/alternates"
            guard let bytes = try? Files.read(file, limit: 64 << 10) else { continue }
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
                let other = line.hasPrefix("/") ? String(line) : "\(all[next])/\(line)"
                if !all.contains(other) { all.append(other) }
            }
        }
        return all
    }

    private static func indexes(in directory: String) -> [String] {
        let names = (try? Directories.list("\(directory)/pack")) ?? []
        return names.filter { $0.hasPrefix("pack-") && $0.hasSuffix(".idx") }.sorted().map { "\(directory)/pack/\($0)" }
    }
}

/// Blobs as libgit2 reads them, one at a time, with a handle that is opened when it is first needed.
final class LibraryBlobs: Sendable {
    /// `@unchecked Sendable` is sound: used within the lock alone.
    @safe
    private struct Handle: @unchecked Sendable {
        var repository: Repository
        var objects: OpaquePointer
    }

    private let path: String
    private let handle = Mutex<Handle?>(nil)

    init(_ path: String) { self.path = path }

    deinit {
        if let objects = unsafe handle.withLock({ unsafe $0?.objects }) { unsafe git_odb_free(objects) }
    }

    func withBlob(_ id: ObjectID, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try handle.withLock { handle in
            do {
                let open = try handle ?? Self.open(path)
                handle = open
                var (object, form): (OpaquePointer?, git_oid) = (nil, id.libraryForm)
                try MemoryBudget.limitReading("the object \(id)") {
                    _ = try LibraryError.check(unsafe git_odb_read(&object, open.objects, &form))
                }
                defer { unsafe git_odb_object_free(object) }
                let count = unsafe git_odb_object_size(object)
                try unsafe body(UnsafeRawBufferPointer(start: git_odb_object_data(object), count: count))
            } catch let error as LibraryError {
                throw error.damage("The local copy of the repository")
            }
        }
    }

    private static func open(_ path: String) throws(LibraryError) -> Handle {
        let repository = try Repository(opening: path)
        return unsafe Handle(repository: repository, objects: try repository.openObjects())
    }
}
