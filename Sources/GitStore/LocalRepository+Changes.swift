internal import BuildModel
internal import CGit2
internal import Glibc
internal import Platform

extension LocalRepository {
    /// Whether the working tree differs from `HEAD` in the directory that is built: what a build of a commit leaves out.
    /// Files that git ignores do not count; always false for a bare repository and for a directory that was taken in.
    package func hasUncommittedChanges() async throws -> Bool {
        guard imported == nil else { return false }
        if try await isSurelyUnchanged() { return false }
        let (path, root) = (path, rootDirectory)
        return try await TreeReading.run(opening: { try Repository(finding: path) }) { repository, _ in
            guard repository.workingDirectory != nil else { return false }
            do throws(LibraryError) {
                return try repository.hasChanges(in: root)
            } catch {
                throw error.damage("The working tree of \(path)")
            }
        }
    }

    /// Whether there can be no change: what git saw last is what is there. The library finds that out too, on one thread and in
    /// several times the time; of a large tree it would be the longest part of a build that changes nothing.
    private func isSurelyUnchanged() async throws -> Bool {
        let root = rootDirectory
        let tree = try await TreeReading.run(opening: opener) { repository, _ in
            repository.workingTree(of: root)
        }
        guard let tree else { return false }
        var others: [String] = []
        for finding in try await TreeReading.each(of: tree.count, { tree.look(at: $0) }) {
            switch finding {
            case .unchanged: continue
            case .more(let paths): others += paths
            case .unknown: return false
            }
        }
        guard !others.isEmpty else { return true }
        return try await TreeReading.run(opening: opener) { [others] repository, _ in
            others.allSatisfy(repository.ignores)
        }
    }
}

extension Repository {
    /// The working tree, if its index is what `HEAD` has and is understood.
    func workingTree(of directory: String) -> WorkingTree? {
        let file = path + "index"
        // When it was written is asked first: if another one takes its place meanwhile, more is in doubt, and not less.
        guard let top = workingDirectory, let written = Directories.state(of: file)?.modified,
            let bytes = try? Files.read(file, limit: 256 << 20), let index = IndexFile(bytes),
            let tree = index.tree, tree == headTree
        else { return nil }
        return WorkingTree(at: top, index, written: written, directory: directory)
    }

    /// The whole tree of `HEAD`; nil if there is none.
    private var headTree: ObjectID? {
        var (head, tree): (OpaquePointer?, OpaquePointer?)
        guard unsafe git_repository_head(&head, pointer) == 0 else { return nil }
        defer { unsafe git_reference_free(head) }
        guard unsafe git_reference_peel(&tree, head, GIT_OBJECT_TREE) == 0 else { return nil }
        defer { unsafe git_object_free(tree) }
        return unsafe git_object_id(tree).map { unsafe ObjectID($0.pointee) }
    }

    /// Whether git ignores a path that it does not know.
    func ignores(_ path: String) -> Bool {
        var isIgnored: Int32 = 0
        return unsafe git_ignore_path_is_ignored(&isIgnored, pointer, path) == 0 && isIgnored != 0
    }

    /// Whether something in a directory of the working tree is not as `HEAD` has it.
    func hasChanges(in directory: String) throws(LibraryError) -> Bool {
        var options = unsafe git_status_options()
        try LibraryError.check(
            unsafe git_status_options_init(&options, UInt32(GIT_STATUS_OPTIONS_VERSION))
        )
        unsafe options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR
        unsafe options.flags =
            GIT_STATUS_OPT_INCLUDE_UNTRACKED.rawValue | GIT_STATUS_OPT_EXCLUDE_SUBMODULES.rawValue
            | GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH.rawValue
        var name: UnsafeMutablePointer<CChar>? = unsafe strdup(directory)
        defer { unsafe free(name) }
        var list: OpaquePointer?
        let result = unsafe withUnsafeMutablePointer(to: &name) { names in
            if !directory.isEmpty { unsafe options.pathspec = git_strarray(strings: names, count: 1) }
            return unsafe git_status_list_new(&list, pointer, &options)
        }
        try LibraryError.check(result)
        defer { unsafe git_status_list_free(list) }
        return unsafe git_status_list_entrycount(list) > 0
    }

    /// The branch that a name stands for: itself, or what `HEAD` is on; nil for anything else.
    func branch(for name: String) -> String? {
        var reference: OpaquePointer?
        let result =
            unsafe name == "HEAD"
            ? git_repository_head(&reference, pointer) : git_reference_dwim(&reference, pointer, name)
        guard result == 0 else { return nil }
        defer { unsafe git_reference_free(reference) }
        guard let text = unsafe git_reference_name(reference) else { return nil }
        let full = unsafe String(cString: text)
        return full == "HEAD" ? nil : RemoteHeads.short(full)
    }
}

/// Paths without links and dots.
enum RealPath {
    /// realpath(3); nil if there is nothing at `path`.
    static func of(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}
