internal import BuildModel

/// A submodule that a revision has: what `.gitmodules` says of it, and the commit that its tree has in its place.
struct DeclaredSubmodule: Sendable, Hashable {
    var path: String
    /// As it is written: a URL, or a path that begins with `./` or `../` and stands beside the repository's own URL.
    var url: String
    var commit: ObjectID
}

/// What `.gitmodules` says: gitmodules(5), in the syntax of git-config(1).
///
/// Read here, not by the library: its reader follows `include.path` to files of this machine.
struct SubmoduleFile {
    private var current: (path: String?, url: String?)?
    private(set) var entries: [(path: String, url: String)] = []

    init(_ bytes: [UInt8]) {
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) { read(line) }
        close()
    }

    private mutating func read(_ line: Substring) {
        let line = Self.trimmed(line)
        if line.hasPrefix("[") {
            close()
            if line.dropFirst().lowercased().hasPrefix("submodule") { current = (nil, nil) }
            return
        }
        guard current != nil, let equals = line.firstIndex(of: "=") else { return }
        let value = Self.value(line[line.index(after: equals)...])
        switch Self.trimmed(line[..<equals]).lowercased() {
        case "path": current?.path = value
        case "url": current?.url = value
        default: break
        }
    }

    private mutating func close() {
        if let path = current?.path, let url = current?.url { entries.append((path, url)) }
        current = nil
    }

    /// A value without its quotes, escapes and comment.
    private static func value(_ text: Substring) -> String {
        var (result, isQuoted, isEscaped) = ("", false, false)
        for character in trimmed(text) {
            if isEscaped {
                result.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if !isQuoted, character == "#" || character == ";" {
                break
            } else {
                result.append(character)
            }
        }
        return String(trimmed(result[...]))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension Repository {
    /// The submodules of a whole tree that `.gitmodules` has a URL for, in the order of their paths.
    ///
    /// A place of a submodule that is not declared stays one, which layers refuse by its name.
    func submodules(in root: ObjectID) throws -> [DeclaredSubmodule] {
        let tree = try ObjectTree(self, root: root, maximumBlobBytes: 1 << 20)
        guard let bytes = try tree.bytes(at: ".gitmodules", limit: 1 << 20) else { return [] }
        var found: [String: DeclaredSubmodule] = [:]
        // Each costs a look at every tree on its way; more than a revision may have are told of by whoever fetches them.
        for (path, url) in SubmoduleFile(bytes).entries.prefix(Self.mostDeclared) {
            guard found.count <= SubmoduleBudget.most else { break }
            guard found[path] == nil, let entry = try tree.entry(at: path), entry.kind == .submodule else { continue }
            found[path] = DeclaredSubmodule(path: path, url: url, commit: entry.objectID)
        }
        return found.values.sorted { $0.path < $1.path }
    }

    private static let mostDeclared = 1000
}
