internal import BuildModel
internal import Documents

extension Detector {
    /// Files whose lines are looked at for one predicate, at most.
    private static let searchedFiles = 200
    /// Files that are named as evidence for one predicate, at most.
    private static let shownFiles = 5

    func data(_ predicate: DataPredicate) throws -> Outcome {
        guard try view.isFile(predicate.file) else { return .fails("there is no \(predicate.file)") }
        switch try view.document(predicate.file) {
        case .failure(let failure): return .unreadable(failure)
        case .success(let root):
            let shown = predicate.path.joined(separator: ".")
            guard let (node, line) = Self.value(in: root, at: predicate.path), !node.isNull else {
                return .fails("\(predicate.file) has no \(shown)")
            }
            guard let (words, value) = try judge(node, predicate) else {
                return .fails("\(predicate.file):\(line): \(shown) is not what counts")
            }
            let evidence = Evidence(file: predicate.file, line: line, predicate: "\(shown) \(words)")
            return .holds([evidence], facts: predicate.name.map { [$0: value] } ?? [:])
        }
    }

    private static func value(in root: YAMLNode, at path: [String]) -> (YAMLNode, line: Int)? {
        var node = root
        var line = root.line
        for key in path {
            guard let entry = node.entries?.first(where: { $0.key == key }) else { return nil }
            (node, line) = (entry.value, entry.line)
        }
        return (node, line)
    }

    /// What can be said of the value, and the value as text; nil if it is not as expected.
    private func judge(_ node: YAMLNode, _ predicate: DataPredicate) throws -> (words: String, value: String)? {
        switch predicate.expectation {
        case .present: return ("is there", node.string ?? "")
        case .nonEmpty: return Self.count(node, except: predicate.except).map { ($0, node.string ?? "") }
        case .text, .file:
            guard let text = node.string, !text.allSatisfy(\.isWhitespace), !text.utf8.contains(0) else { return nil }
            if let like = predicate.like, !like.matches(line: text.utf8) { return nil }
            guard predicate.expectation == .file else { return ("is '\(Self.oneLine(text))'", text) }
            guard let path = try named(text, predicate.suffixes) else { return nil }
            return ("names the file \(path)", path)
        }
    }

    private static func count(_ node: YAMLNode, except: [String]) -> String? {
        if let elements = node.elements { return elements.isEmpty ? nil : "has \(plural(elements.count))" }
        guard let entries = node.entries else { return node.string?.isEmpty == false ? "is there" : nil }
        let counted = entries.count { !except.contains($0.key) }
        return counted == 0 ? nil : "has \(plural(counted))"
    }

    private static func plural(_ count: Int) -> String { count == 1 ? "1 entry" : "\(count) entries" }

    /// The file that a text names: itself or with one of the endings, within the tree.
    private func named(_ text: String, _ suffixes: [String]) throws -> String? {
        let parts = text.split(separator: "/").filter { $0 != "." }
        guard !parts.contains(".."), !text.hasPrefix("/"), text.utf8.count <= 1024 else { return nil }
        let base = parts.joined(separator: "/")
        for path in [base] + suffixes.map({ base + $0 }) where try !path.isEmpty && view.isFile(path) { return path }
        return nil
    }

    func line(_ predicate: LinePredicate) throws -> Outcome {
        let likes = Self.or(predicate.like.map { "'\($0.text)'" })
        var seen: [Evidence] = []
        var unreadable: BuildFailure?
        for path in predicate.files.flatMap({ matches($0).prefix(Self.searchedFiles) })
        where !predicate.except.contains(where: { $0.matches(path: path) }) {
            switch try view.content(path) {
            case .failure(let failure): unreadable = unreadable ?? failure
            case .success(let bytes):
                guard seen.count < Self.shownFiles, let line = Self.firstLine(of: bytes, like: predicate.like) else {
                    continue
                }
                seen.append(Evidence(file: path, line: line, predicate: "the line is like \(likes)"))
            }
        }
        if let first = seen.first {
            return .holds(seen, facts: predicate.name.map { Self.facts($0, path: first.file) } ?? [:])
        }
        if let unreadable { return .unreadable(unreadable) }
        return .fails("no line of \(Self.or(predicate.files.map(\.text))) is like \(likes)")
    }

    private static func firstLine(of bytes: [UInt8], like: [GlobPattern]) -> Int? {
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var number = 0
        for line in bytes[start...].split(separator: 10, omittingEmptySubsequences: false) {
            number += 1
            // What rules look for is short; a long line is data or minified code.
            guard line.count <= 1000 else { continue }
            let words = line.split { $0 == 32 || (9...13).contains($0) }.joined(separator: [32])
            if like.contains(where: { $0.matches(line: Array(words)) }) { return number }
        }
        return nil
    }

    static func oneLine(_ text: String) -> String {
        let line = String(text.prefix(100).map { $0.isNewline ? " " : $0 })
        return text.count > 100 ? line + "…" : line
    }
}
