internal import BuildModel
internal import CGit2
internal import Glibc
internal import Platform

extension LocalRepository {
    /// Whether the working tree differs from `HEAD` in the directory that is built: what a build of a commit leaves out.
    /// Files that git ignores do not count; always false for a bare repository and for a directory that was taken in.
    package func hasUncommittedChanges() async throws -> Bool {
        guard imported == nil else { return false }
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
}

extension Repository {
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
