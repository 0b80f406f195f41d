internal import BuildModel

extension RuleSet {
    var wantedNames: WantedNames {
        let predicates = rules.flatMap(\.detections).flatMap(\.when)
        return WantedNames(Set(predicates.flatMap(\.wantedNames) + predicates.flatMap(\.searchedNames)))
    }
}

/// Names of files that some rule looks for in an app's own directory.
struct WantedNames {
    private let names: Set<String>
    private let patterns: [GlobPattern]

    init(_ all: Set<String>) {
        let top = all.filter { !$0.contains("/") }
        names = top.filter { GlobPattern($0).isName }
        patterns = top.map { GlobPattern($0) }.filter { !$0.isName }
    }

    func holds(_ top: [String: TreeEntry.Kind]) -> Bool {
        top.contains { name, kind in
            (kind == .file || kind == .executable)
                && (names.contains(name) || patterns.contains { $0.matches(path: name) })
        }
    }
}

extension Predicate {
    /// Names of files whose lines it looks at.
    fileprivate var searchedNames: [String] {
        switch self {
        case .line(let predicate): predicate.files.map(\.text)
        case .any(let predicates), .all(let predicates): predicates.flatMap(\.searchedNames)
        default: []
        }
    }
}
