internal import BuildModel

extension RuleSet {
    private static let unknown = "No rule knows this source."

    /// The failure when no rule matched: what was looked for, and what is nearly it.
    func nothingDetected(_ matches: [Match], view: TreeView) -> BuildFailure {
        guard !view.top.isEmpty else {
            return .plan(.nothingDetected, "There is no file to build. Is the root directory right?")
        }
        let near = hints(matches) + nearMisses(view)
        let hint = near.isEmpty ? "" : " Nearly: \(near.joined(separator: "; "))."
        let names = near.isEmpty ? matches : []
        let files = names.sorted { $0.rule.identity.name < $1.rule.identity.name }.compactMap { wanted($0.rule) }
        let examples = files.isEmpty ? "" : " (\(Detector.or(files)))"
        return .plan(
            .nothingDetected,
            "\(Self.unknown)\(hint) Set the root directory, add the file that says what it is\(examples), or a Procfile "
                + "with a line 'web: COMMAND'. 'slipway plan --why' tells what each rule looked for."
        )
    }

    /// The failure where what matches at the root is less than what lies below.
    func weak(_ winner: RuleCandidate) -> BuildFailure {
        let seen = winner.evidence.first.map { " (\($0.file))" } ?? ""
        return .plan(
            .nothingDetected,
            "\(Self.unknown) Set the root directory; that the root is \(winner.language)\(seen) is too little beside apps below it: 'language' of "
                + "slipway.yaml says so if it is."
        )
    }

    private static func single(_ apps: [AppRoot]) -> String {
        apps.map { " The only app is in '\($0.directory)' (\($0.plan.language)): let the root directory be that." }
            .joined()
    }

    private static func several(_ apps: [AppRoot]) -> String {
        let names = apps.prefix(5).map { "'\($0.directory)' (\($0.plan.language))" }
        let more = apps.count > names.count ? " and \(apps.count - names.count) more" : ""
        let what =
            apps.contains { $0.project != nil }
            ? "'slipway plan --roots' says how each is built" : "the root directory may be one of them"
        return " Apps are in \(names.joined(separator: ", "))\(more): \(what)."
    }

    /// The file at the root that says first of all that it is the rule's language.
    private func wanted(_ rule: Rule) -> String? {
        rule.detections.flatMap(\.when).flatMap(\.wantedNames).first { !$0.contains("/") && GlobPattern($0).isName }
    }

    /// What can be built further down, where the root cannot: the failure with it at its end.
    func pointing(_ failure: BuildFailure, below tree: any SourceTree) -> BuildFailure {
        let all = (try? roots(tree: tree, options: PlanOptions(), reading: Self.hintBytes)) ?? []
        let isSingle = all.count == 1 && all.first?.project == nil
        let apps = isSingle ? all : all.filter { !failure.message.contains("'\($0.directory)'") }
        guard !apps.isEmpty else { return failure }
        var failure = failure
        let words = isSingle ? Self.single(apps) : Self.several(apps)
        let place = failure.message.hasPrefix(Self.unknown) ? Self.unknown.endIndex : failure.message.endIndex
        failure.message.insert(contentsOf: words, at: place)
        return failure
    }

    /// What is nearly right beside what was detected: files that are read under another name, and what the winner's own rule
    /// knows.
    func nearMisses(beside winner: Match, view: TreeView) -> [String] {
        var misses: [String] = []
        for (name, kind) in view.top.sorted(by: { $0.key < $1.key }) where kind == .file || kind == .executable {
            guard let wanted = Self.readNames[name.lowercased()], name != wanted, view.top[wanted] == nil else {
                continue
            }
            misses.append("\(name) should be named \(wanted); under this name it is not read.")
        }
        return misses + hints([winner]).map { $0 + "." }
    }

    /// Files that are read whatever the language is, by what they are called instead.
    private static let readNames = [
        "procfile": "Procfile", "procfile.txt": "Procfile", "slipway.yaml": AppSettings.fileName,
        "slipway.yml": AppSettings.fileName, ".slipway.yaml": AppSettings.fileName,
        ".slipway.yml": AppSettings.fileName,
    ]

    /// What the rules themselves know to be nearly right.
    private func hints(_ matches: [Match]) -> [String] {
        matches.sorted { $0.rule.identity.name < $1.rule.identity.name }.flatMap { match in
            match.rule.hints.compactMap { hint in
                guard case .holds(let evidence, let facts)? = try? Detector(match.context).all(hint.when) else {
                    return nil
                }
                let words = (try? match.context.template(facts).filled(hint.message)) ?? hint.message
                return (evidence.first.map { "\($0.file): " } ?? "") + words
            }
        }
    }

    /// Files that would have counted under another name or in another directory; a few, the best first.
    private func nearMisses(_ view: TreeView) -> [String] {
        // Of names that differ in case alone, the one that a rule has first.
        let wanted = rules.flatMap { $0.detections.flatMap(\.when).flatMap(\.wantedNames) }
        let names = wanted.filter { !$0.contains("*") && !$0.contains("/") && !$0.hasSuffix(".md") }
        let lowered = Dictionary(names.map { ($0.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
        var misses: [String] = []
        for path in view.others where names.contains(path) {
            misses.append("\(path) is a symbolic link or submodule, which is not followed")
        }
        for path in view.files {
            if let name = lowered[path.lowercased()], name != path { misses.append("\(path) should be named \(name)") }
        }
        for path in view.files {
            let parts = path.split(separator: "/")
            guard parts.count == 2, names.contains(String(parts[1])), !path.hasSuffix(".md") else { continue }
            misses.append("\(path) is there: the root directory may be '\(parts[0])'")
        }
        return Array(misses.prefix(5))
    }
}
