internal import BuildModel
internal import CGit2
internal import Glibc

/// A connection to a server, for one repository. Belongs to the thread that made it, hence not Sendable.
@safe
final class Remote {
    private let pointer: OpaquePointer
    private let operation: FetchOperation

    /// - Parameter repository: where fetched objects go. The remote is not written to its configuration.
    init(_ operation: FetchOperation, in repository: Repository) throws(LibraryError) {
        self.operation = operation
        var pointer: OpaquePointer?
        try LibraryError.check(
            unsafe git_remote_create_anonymous(&pointer, repository.pointer, operation.url.display)
        )
        guard let pointer = unsafe pointer else { throw LibraryError(code: GIT_ERROR.rawValue) }
        unsafe self.pointer = pointer
    }

    deinit { unsafe git_remote_free(pointer) }

    /// Connects, shows credentials if asked, and returns what the server has.
    func connect() throws(LibraryError) -> RemoteHeads {
        var fetch = unsafe git_fetch_options()
        try LibraryError.check(unsafe slipway_git_prepare_fetch(&fetch, 0))
        unsafe FetchCallbacks.install(operation, in: &fetch.callbacks)
        var options = unsafe git_remote_connect_options()
        try LibraryError.check(
            unsafe git_remote_connect_options_init(&options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION))
        )
        unsafe options.callbacks = unsafe fetch.callbacks
        unsafe options.proxy_opts = unsafe fetch.proxy_opts
        unsafe options.follow_redirects = unsafe fetch.follow_redirects
        operation.progress = TransferProgress()
        try check(unsafe git_remote_connect_ext(pointer, GIT_DIRECTION_FETCH, &options))
        return try heads()
    }

    /// Fetches what the refspecs name and points their right sides to it. Uses the open connection.
    ///
    /// - Parameter depth: commits from each tip; 0 for all, `Int32.max` to complete a shallow repository.
    func fetch(_ refspecs: [String], depth: Int32) throws(LibraryError) {
        var options = unsafe git_fetch_options()
        try LibraryError.check(unsafe slipway_git_prepare_fetch(&options, depth))
        unsafe FetchCallbacks.install(operation, in: &options.callbacks)
        let texts = unsafe refspecs.map { unsafe strdup($0) }
        defer { unsafe texts.forEach { unsafe free($0) } }
        var pointers = unsafe texts
        let result = unsafe pointers.withUnsafeMutableBufferPointer { buffer in
            var array = unsafe git_strarray(strings: buffer.baseAddress, count: buffer.count)
            return unsafe git_remote_fetch(pointer, &array, &options, nil)
        }
        try check(result)
    }

    private func check(_ result: Int32) throws(LibraryError) {
        guard result < 0 else { return }
        let error = LibraryError(code: result)
        operation.noteMemory()
        throw error
    }

    private func heads() throws(LibraryError) -> RemoteHeads {
        var list: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try LibraryError.check(unsafe git_remote_ls(&list, &count, pointer))
        var result = RemoteHeads(heads: [])
        for index in 0..<count {
            guard let head = unsafe list?[index]?.pointee, let start = unsafe head.name else { continue }
            let name = unsafe String(cString: start)
            let id = unsafe ObjectID(head.oid)
            if name == "HEAD" {
                result.defaultBranch = unsafe head.symref_target.map { unsafe String(cString: $0) }
                result.detachedHead = id
            } else if !name.hasSuffix("^{}") {
                result.heads.append(RemoteHeads.Head(name: name, id: id))
            }
        }
        return result
    }
}
