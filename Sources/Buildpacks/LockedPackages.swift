/// A lock file of Python's tools or Cargo as lines of a list: `name==version` where the version stands, the others empty. Of a package that is
/// locked more than once, for different interpreters, the last counts, which is the newest.
struct LockedPackages {
    private enum Form { case toml, json }

    private let form: Form

    /// Returns nil if the path is that of another file.
    init?(_ path: String) {
        switch path.split(separator: "/").last {
        case "poetry.lock", "uv.lock", "pdm.lock", "Cargo.lock": form = .toml
        case "Pipfile.lock": form = .json
        default: return nil
        }
    }

    func lines(_ bytes: [UInt8]) -> [UInt8] {
        var places: [String: Int] = [:]
        var versions: [Int: String] = [:]
        var (name, locked): (String?, String?)
        var count = 0
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            count = index + 1
            guard let first = line.first(where: { $0 != 32 }), "nvcg[\"".utf8.contains(first) else { continue }
            let text = String(decoding: line.prefix(200), as: UTF8.self).trimmed
            if isEnd(text) { break }
            // What only developers need is not installed.
            if let locked, isForDevelopers(text), let place = places.removeValue(forKey: locked) {
                versions[place] = nil
            }
            if let found = self.name(text) { name = found }
            guard let known = name, let version = version(text) else { continue }
            if let former = places.updateValue(index, forKey: known) { versions[former] = nil }
            versions[index] = "\(known)==\(version)"
            (name, locked) = (nil, known)
        }
        return Array((0..<count).map { versions[$0] ?? "" }.joined(separator: "\n").utf8)
    }

    /// Where nothing follows that is installed.
    private func isEnd(_ text: String) -> Bool {
        form == .json ? text.hasPrefix("\"develop\":") : text == "[[patch.unused]]"
    }

    /// How Poetry and PDM say of the package above whose it is.
    private func isForDevelopers(_ text: String) -> Bool {
        text == "category = \"dev\""
            || (text.hasPrefix("groups = [") && !["\"main\"", "\"default\""].contains { text.contains($0) })
    }

    private func name(_ text: String) -> String? {
        switch form {
        case .toml: Self.between("name = \"", "\"", text)
        case .json: text.hasSuffix("{") ? Self.between("\"", "\"", text) : nil
        }
    }

    private func version(_ text: String) -> String? {
        switch form {
        case .toml: Self.between("version = \"", "\"", text)
        case .json: Self.between("\"version\": \"==", "\"", text)
        }
    }

    private static func between(_ start: String, _ end: Character, _ text: String) -> String? {
        guard text.hasPrefix(start) else { return nil }
        let rest = text.dropFirst(start.count)
        return rest.firstIndex(of: end).map { String(rest[..<$0]) }
    }
}
