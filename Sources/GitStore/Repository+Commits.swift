internal import BuildModel
internal import CGit2

extension Repository {
    /// Whether the object is here.
    func contains(_ id: ObjectID) throws(LibraryError) -> Bool {
        let objects = try unsafe openObjects()
        defer { unsafe git_odb_free(objects) }
        var id = id.libraryForm
        return unsafe git_odb_exists(objects, &id) == 1
    }

    /// The commit behind an object: the object itself, or what an annotated tag points to, through other tags.
    ///
    /// - Returns: nil if it is a tag of something that is no commit.
    func commit(behind id: ObjectID) throws -> ObjectID? {
        var id = id
        for _ in 0..<Self.maximumTags {
            let kind = try header(of: id).kind
            guard kind == GIT_OBJECT_TAG else { return kind == GIT_OBJECT_COMMIT ? id : nil }
            _ = try size(of: id, kind)
            var tag: OpaquePointer?
            var form = id.libraryForm
            try LibraryError.check(unsafe git_tag_lookup(&tag, pointer, &form))
            defer { unsafe git_tag_free(tag) }
            guard let target = unsafe git_tag_target_id(tag) else { return nil }
            id = unsafe ObjectID(target.pointee)
        }
        return nil
    }

    /// Tags of tags of tags.
    private static let maximumTags = 64

    /// The commit that a name of this repository means: `HEAD`, a branch, a tag, an id (gitrevisions(7)).
    func commit(named name: String) throws(LibraryError) -> ObjectID? {
        var object: OpaquePointer?
        try LibraryError.check(unsafe git_revparse_single(&object, pointer, name))
        defer { unsafe git_object_free(object) }
        return try unsafe peeled(object)
    }

    private func peeled(_ object: OpaquePointer?) throws(LibraryError) -> ObjectID? {
        var commit: OpaquePointer?
        let result = unsafe git_object_peel(&commit, object, GIT_OBJECT_COMMIT)
        guard result != GIT_EPEEL.rawValue && result != GIT_EINVALIDSPEC.rawValue else { return nil }
        try LibraryError.check(result)
        defer { unsafe git_object_free(commit) }
        return unsafe git_object_id(commit).map { unsafe ObjectID($0.pointee) }
    }

    /// Every commit whose id begins with `digits`, in order; looks at ids alone, so the cost does not grow with content.
    func commits(beginningWith digits: String) throws(LibraryError) -> [ObjectID] {
        let objects = try unsafe openObjects()
        defer { unsafe git_odb_free(objects) }
        let search = PrefixSearch(digits)
        try LibraryError.check(
            unsafe git_odb_foreach(
                objects,
                { id, payload in
                    guard let id = unsafe id, let payload = unsafe payload else { return -1 }
                    unsafe Unmanaged<PrefixSearch>.fromOpaque(payload).takeUnretainedValue().visit(id.pointee)
                    return 0
                },
                Unmanaged.passUnretained(search).toOpaque()
            )
        )
        var commits: [ObjectID] = []
        for id in search.found.sorted(by: { $0.hex < $1.hex }) {
            var (size, kind) = (0, GIT_OBJECT_INVALID)
            var form = id.libraryForm
            try LibraryError.check(unsafe git_odb_read_header(&size, &kind, objects, &form))
            if kind == GIT_OBJECT_COMMIT { commits.append(id) }
        }
        return commits
    }
}

/// Collects ids that begin with some hexadecimal digits; packs may hold an object twice, hence a set.
private final class PrefixSearch {
    private let bytes: [UInt8]
    /// The digit after the whole bytes, if their number is odd.
    private let half: UInt8?
    private(set) var found: Set<ObjectID> = []

    init(_ digits: String) {
        let even = digits.count & ~1
        bytes = Hexadecimal.decode(String(digits.prefix(even))) ?? []
        half = digits.count == even ? nil : digits.last?.hexDigitValue.map { UInt8($0) }
    }

    func visit(_ id: git_oid) {
        let matches = unsafe withUnsafeBytes(of: id) { raw in
            guard unsafe raw.prefix(bytes.count).elementsEqual(bytes) else { return false }
            return half.map { unsafe raw[bytes.count] >> 4 == $0 } ?? true
        }
        if matches { found.insert(ObjectID(id)) }
    }
}
