internal import BuildModel
internal import Glibc
internal import Platform

/// A path as the system has it: bytes, which need not be UTF-8.
struct BytePath {
    /// Terminated by NUL.
    private(set) var characters: [CChar]

    init(_ text: String) {
        characters = Array(text.utf8CString)
    }

    /// A path in this directory.
    ///
    /// - Parameter name: terminated by NUL.
    func appending(_ name: [CChar]) -> BytePath {
        var path = self
        path.characters.removeLast()
        path.characters += [CChar(bitPattern: UInt8(ascii: "/"))] + name
        return path
    }

    /// For people.
    var display: String {
        String(decoding: characters.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The names in this directory without `.` and `..`, each terminated by NUL, in no order.
    func names() throws(BuildFailure) -> [[CChar]] {
        guard let stream = unsafe opendir(characters) else { throw failure("Cannot list the directory") }
        defer { unsafe closedir(stream) }
        var names: [[CChar]] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                unsafe Array(raw.prefix { $0 != 0 }).map { CChar(bitPattern: $0) } + [0]
            }
            if name != Self.current && name != Self.parent { names.append(name) }
        }
        return names
    }

    private static let current = Array(".".utf8CString)
    private static let parent = Array("..".utf8CString)

    /// The target of this symbolic link.
    func linkTarget() throws(BuildFailure) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = unsafe readlink(characters, &buffer, buffer.count)
        guard count >= 0 else { throw failure("Cannot read the link") }
        return buffer.prefix(count).map { UInt8(bitPattern: $0) }
    }

    /// What is there, without following a link.
    func status() throws(BuildFailure) -> FileStatus {
        guard let status = FileStatus(at: characters) else { throw failure("Cannot read") }
        return status
    }

    private func failure(_ what: String) -> BuildFailure {
        .system(errno: errno, operation: "git.import", message: "\(what) '\(display)'.")
    }
}
