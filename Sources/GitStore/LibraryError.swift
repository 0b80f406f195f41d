internal import BuildModel
internal import CGit2

/// What a libgit2 call left on its thread: read at once, before another call replaces it.
struct LibraryError: Error, Sendable {
    /// A `git_error_code`.
    var code: Int32
    /// A `git_error_t`: the part of the library.
    var category: Int32
    /// The library's words, cleaned of control characters: a server may have had its say in them.
    var message: String

    /// The thread's last error.
    init(code: Int32) {
        self.code = code
        guard let last = unsafe git_error_last() else {
            category = 0
            message = "code \(code)"
            return
        }
        category = unsafe last.pointee.klass
        message = unsafe last.pointee.message.map { Self.cleaned(unsafe String(cString: $0)) } ?? "code \(code)"
    }

    /// Throws when `result` is negative, as libgit2's calls report failure.
    @discardableResult
    static func check(_ result: Int32) throws(LibraryError) -> Int32 {
        guard result < 0 else { return result }
        throw LibraryError(code: result)
    }

    static func cleaned(_ text: String) -> String {
        let visible = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) }
        return String(String(visible).split(separator: " ").joined(separator: " ").prefix(500))
    }

    /// Whether objects that must be there are missing or do not have the content that their id promises.
    var meansDamage: Bool {
        code == GIT_EMISMATCH.rawValue || code == GIT_ENOTFOUND.rawValue
            || [GIT_ERROR_ODB, GIT_ERROR_ZLIB, GIT_ERROR_OBJECT, GIT_ERROR_TREE, GIT_ERROR_REPOSITORY]
                .contains { Int32(bitPattern: $0.rawValue) == category }
    }

    /// As a failure of reading something that should be there and whole.
    func damage(_ what: String) -> BuildFailure { .damaged(what, cause: message) }
}
