internal import BuildModel
internal import CGit2
internal import Glibc
internal import Platform

/// How much may still be looked at for a history.
struct HistoryEffort {
    struct Exhausted: Error {}

    private let cancelFlag: CancelFlag
    private let deadline = Deadline(after: .seconds(10))
    /// Bytes of entries, about a million of them.
    private var rest: Int

    init(_ cancelFlag: CancelFlag, bytes: Int = 64 << 20) {
        self.cancelFlag = cancelFlag
        rest = bytes
    }

    /// Counts an entry, and as many bytes as are kept of it.
    mutating func spend(_ bytes: Int) throws {
        rest -= 64 + bytes
        guard !cancelFlag.isSet else { throw BuildFailure.cancelled(operation: "git.read") }
        guard rest > 0, rest & 0xff != 0 || !deadline.hasPassed else { throw Exhausted() }
    }
}

/// The paths that differ between two trees, found by ids: what is equal is not looked at.
///
/// The library's own comparison cannot be bounded: a few objects can describe trees without end.
struct TreeComparison {
    /// Paths at most; a commit that changes more says nothing about what changes often.
    private static let maximumPaths = 2000

    private let repository: Repository
    private(set) var effort: HistoryEffort
    private(set) var paths: [[UInt8]] = []
    private var pending: [(old: ObjectID?, new: ObjectID?, prefix: [UInt8])] = []

    init(_ repository: Repository, _ effort: HistoryEffort) {
        self.repository = repository
        self.effort = effort
    }

    /// - Parameters: ids of trees; nil for none.
    /// - Throws: `HistoryEffort.Exhausted`; `BuildFailure` with code `cancelled` or `limit_exceeded`; `LibraryError`.
    mutating func compare(_ old: ObjectID?, _ new: ObjectID?) throws {
        if old != new { pending.append((old, new, [])) }
        while paths.count < Self.maximumPaths, let next = pending.popLast() {
            let old = try next.old.map { try repository.openTree($0) }
            let new = try next.new.map { try repository.openTree($0) }
            try look(at: new, beside: old, next.prefix, isOld: false)
            try look(at: old, beside: new, next.prefix, isOld: true)
        }
    }

    /// Notes what is only in `tree` or another in `other`; of the old tree only what is gone.
    private mutating func look(
        at tree: OpenTree?,
        beside other: OpenTree?,
        _ prefix: [UInt8],
        isOld: Bool
    ) throws {
        guard let tree else { return }
        for index in 0..<tree.count where paths.count < Self.maximumPaths {
            try effort.spend(0)
            guard let entry = unsafe git_tree_entry_byindex(tree.pointer, index),
                let name = unsafe git_tree_entry_name(entry)
            else { continue }
            let match = unsafe other.flatMap { unsafe git_tree_entry_byname($0.pointer, name) }
            let (own, counterpart) = unsafe (Self.value(entry), match.flatMap { unsafe Self.value($0) })
            guard let own, own != counterpart, !(isOld && counterpart != nil) else { continue }
            let path = unsafe prefix + Array(UnsafeRawBufferPointer(start: name, count: strlen(name)))
            try effort.spend(path.count)
            note(own, counterpart, path, isOld: isOld)
        }
    }

    private mutating func note(_ own: Value, _ other: Value?, _ path: [UInt8], isOld: Bool) {
        let (tree, otherTree) = (own.tree, other?.tree)
        if tree != nil || otherTree != nil {
            let below = path + [UInt8(ascii: "/")]
            if tree != otherTree { pending.append(isOld ? (tree, otherTree, below) : (otherTree, tree, below)) }
        }
        // A file that was a directory, or the other way round, is both.
        if own.isFile || other?.isFile == true { paths.append(path) }
    }

    private struct Value: Equatable {
        var id: ObjectID
        var mode: git_filemode_t

        var tree: ObjectID? { mode == GIT_FILEMODE_TREE ? id : nil }
        /// Submodules have no files here.
        var isFile: Bool { mode != GIT_FILEMODE_TREE && mode != GIT_FILEMODE_COMMIT }
    }

    private static func value(_ entry: OpaquePointer) -> Value? {
        guard let id = unsafe git_tree_entry_id(entry) else { return nil }
        return unsafe Value(id: ObjectID(id.pointee), mode: git_tree_entry_filemode(entry))
    }
}
