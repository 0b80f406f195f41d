internal import BuildModel
internal import Documents

extension Detector {
    /// Files whose lines are looked at for one predicate, at most.
    static let searchedFiles = 200
    /// Files that are named as evidence for one predicate, at most.
    private static let shownFiles = 5

    /// - Parameter known: what predicates before it found, for names of files that depend on it.
    func data(_ predicate: DataPredicate, _ known: [String: String]) throws -> Outcome {
        let patterns = try filled(predicate.files, known)
        let path = try filled(predicate.path, known)
        let like = try filled(predicate.like, known, isOfLines: true)
        let except = try filled(predicate.except, known, isOfLines: true)
        let shown = path.joined(separator: ".")
        var reason: String?
        var unreadable: BuildFailure?
        for file in try patterns.flatMap({ try files($0) }) {
            switch try view.document(file) {
            case .failure(let failure): unreadable = unreadable ?? failure
            case .success(let root):
                let values = DataPath.values(in: root, at: path, isOfElements: !like.isEmpty)
                    .filter { !$0.node.isNull }
                for (node, line, key) in values {
                    guard let (words, value) = try judge(node, predicate, like, except) else { continue }
                    let evidence = Evidence(file: file, line: line, predicate: "\(shown) \(words)")
                    return .holds([evidence], facts: Self.facts(of: predicate, value, key: key, file: file))
                }
                reason = reason ?? Self.reason(values.first?.line, path: file, shown)
            }
        }
        if let unreadable { return .unreadable(unreadable) }
        return .fails(reason ?? "there is no \(Self.or(patterns.map(\.text)))")
    }

    private static func reason(_ line: Int?, path: String, _ shown: String) -> String {
        line.map { "\(path):\($0): \(shown) is not what counts" } ?? "\(path) has no \(shown)"
    }

    private static func facts(
        of predicate: DataPredicate,
        _ value: String,
        key: String,
        file: String
    ) -> [String: String] {
        guard let name = predicate.name else { return [:] }
        var facts = facts(name, path: predicate.expectation == .file ? value : file)
        facts[name] = value
        facts["\(name).file"] = file
        facts["\(name).key"] = key
        return facts
    }

    /// What can be said of the value, and the value as text; nil if it is not as expected.
    private func judge(
        _ node: YAMLNode,
        _ predicate: DataPredicate,
        _ like: [GlobPattern],
        _ except: [GlobPattern]
    ) throws -> (words: String, value: String)? {
        switch predicate.expectation {
        case .present: return ("is there", node.string ?? "")
        case .nonEmpty: return Self.count(node, except: except).map { ($0, node.string ?? "") }
        case .text, .file:
            guard let text = node.string?.trimmed, !text.isEmpty, !text.utf8.contains(0) else { return nil }
            guard let kept = Self.kept(of: text, like: like),
                !except.contains(where: { $0.matches(line: text.utf8) })
            else { return nil }
            guard predicate.expectation == .file else { return ("is '\(Self.oneLine(text))'", kept) }
            guard let path = try named(kept, predicate.suffixes) else { return nil }
            return ("names the file \(path)", path)
        }
    }

    /// The text, or what `<*>` stands for; nil if it has none of the forms.
    private static func kept(of text: String, like: [GlobPattern]) -> String? {
        guard !like.isEmpty else { return text }
        let bytes = Array(text.utf8)
        guard let form = like.first(where: { $0.matches(line: bytes) }) else { return nil }
        return form.captured(in: bytes).map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    private static func count(_ node: YAMLNode, except: [GlobPattern]) -> String? {
        if let elements = node.elements { return elements.isEmpty ? nil : "has \(plural(elements.count))" }
        guard let entries = node.entries else { return node.string?.isEmpty == false ? "is there" : nil }
        let counted = entries.count { entry in !except.contains { $0.matches(line: entry.key.utf8) } }
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

    /// - Parameter known: what predicates before it found, for names of files that depend on it.
    func line(_ predicate: LinePredicate, _ known: [String: String]) throws -> Outcome {
        let predicate = try filled(predicate, known)
        let (seen, unreadable) = try lines(predicate, inEach: 1, limit: Self.shownFiles)
        if let first = seen.first {
            return .holds(
                seen.map(\.evidence),
                facts: Self.facts(of: predicate, text: first.text, file: first.evidence.file)
            )
        }
        if let unreadable { return .unreadable(unreadable) }
        return .fails("no line of \(Self.or(predicate.files.map(\.text))) is like \(Self.told(predicate.like))")
    }

    /// Lines that are as a predicate says, filled already, so many of each file and in all; and why a file could not be read, if one could not.
    func lines(
        _ predicate: LinePredicate,
        inEach: Int,
        limit: Int
    ) throws -> (seen: [(evidence: Evidence, text: String)], unreadable: BuildFailure?) {
        let (search, words) = (LineSearch(predicate), "the line is like \(Self.told(predicate.like))")
        var seen: [(evidence: Evidence, text: String)] = []
        var unreadable: BuildFailure?
        var looked: Set<String> = []
        for path in try predicate.files.flatMap({ try files($0) })
        where seen.count < limit && !predicate.except.contains(where: { $0.matches(path: path) }) {
            guard looked.insert(path).inserted else { continue }
            switch try view.lines(path, as: predicate.form) {
            case .failure(let failure): unreadable = unreadable ?? failure
            case .success(let bytes):
                seen += search.matches(in: bytes, limit: min(inEach, limit - seen.count)).map { number, text in
                    (Evidence(file: path, line: number, predicate: words), text)
                }
            }
        }
        return (seen, unreadable)
    }

    /// Patterns for people, who read no long lists of them.
    private static func told(_ patterns: [GlobPattern]) -> String {
        let names = patterns.map { "'\($0.text)'" }
        return names.count > 8 ? or(names.prefix(5) + ["\(names.count - 5) others"]) : or(names)
    }

    static func facts(of predicate: LinePredicate, text: String, file: String) -> [String: String] {
        guard let name = predicate.name else { return [:] }
        return facts(name, path: file).merging(["\(name).text": text]) { _, own in own }
    }

    static func oneLine(_ text: String) -> String {
        let line = String(text.prefix(100).map { $0.isNewline ? " " : $0 })
        return text.count > 100 ? line + "…" : line
    }
}
