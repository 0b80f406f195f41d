internal import BuildModel
internal import Documents

/// The names of the dependencies that manifests list, each with the first place that names it.
struct DependencyNames {
    private var places: [String: (file: String, line: Int)] = [:]
    /// Why a file that lists some could not be read.
    private(set) var obstacle: BuildFailure?
    /// What commands of a Dockerfile install, as it stands there.
    private(set) var instructed: [String] = []

    /// Whether that is what sources import.
    private(set) var isImported = false
    /// What is imported, and of which package it is is not known.
    private(set) var unknown: ImportedPackages.Place?

    private var seen: Set<String> = []

    /// Words of commands that count, at most.
    private static let instructedWords = 300
    /// Files of one pattern that are looked at, at most.
    private static let searchedFiles = 50

    init(_ context: RuleContext) throws {
        for source in context.rule.dependencies where try !source.unless.contains(where: context.view.isFile) {
            for pattern in source.files {
                let files = try Detector(context).files(pattern).prefix(Self.searchedFiles)
                for file in files where !source.except.contains(where: { $0.matches(path: file) }) {
                    try add(source, file: file, context.view)
                }
            }
        }
        try addImports(context)
    }

    /// Where nothing lists packages, those that sources import, if all of them are known.
    private mutating func addImports(_ context: RuleContext) throws {
        guard context.takesImports, instructed.isEmpty, let table = context.rule.imports else { return }
        let found = try ImportedPackages(table, context)
        unknown = found.unknown
        guard unknown == nil else { return }
        for package in found.packages { instruct(package.name, file: package.file, line: package.line) }
        isImported = !instructed.isEmpty
    }

    private mutating func add(_ source: DependencySource, file: String, _ view: TreeView) throws {
        if let path = source.path {
            switch try view.document(file) {
            case .failure(let failure): obstacle = obstacle ?? failure
            case .success(let root):
                for value in DataPath.values(in: root, at: path) { add(value.node, line: value.line, file: file) }
            }
        } else if source.isUnfolded {
            guard case .success(let bytes) = try view.lines(file, as: .unfolded), !Self.namesIndex(bytes) else {
                return
            }
            for (index, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
                for word in InstalledWords(line, source.like).words { instruct(word, file: file, line: index + 1) }
            }
        } else {
            switch try view.content(file) {
            case .failure(let failure): obstacle = obstacle ?? failure
            case .success(let bytes):
                for (line, number) in TextLines(bytes) { add(line, source.like, file: file, line: number) }
            }
        }
    }

    /// Whether packages come from somebody's own index: their names are others' in the public one.
    private static func namesIndex(_ bytes: [UInt8]) -> Bool {
        ["INDEX_URL", "npm_config_registry", "NPM_CONFIG_REGISTRY", "pip.conf", ".npmrc"].contains { name in
            Needle(Array(name.utf8)).stands(in: bytes[...])
        }
    }

    private mutating func instruct(_ word: String, file: String, line: Int) {
        guard instructed.count < Self.instructedWords, seen.insert(word).inserted else { return }
        instructed.append(word)
        add(word, file: file, line: line)
    }

    private mutating func add(_ node: YAMLNode, line: Int, file: String) {
        if let entries = node.entries {
            for entry in entries { add(entry.key, file: file, line: entry.line) }
        } else if let elements = node.elements {
            for element in elements { add(element, line: element.line, file: file) }
        } else if let text = node.string {
            add(text, file: file, line: line)
        }
    }

    private mutating func add(_ line: ArraySlice<UInt8>, _ like: [GlobPattern], file: String, line number: Int) {
        let words = TextLines.normalised(line)
        guard !like.isEmpty else {
            let first = words.first ?? 35
            guard first != UInt8(ascii: "#"), first != UInt8(ascii: "-") else { return }
            return add(String(decoding: words, as: UTF8.self), file: file, line: number)
        }
        for pattern in like where pattern.mayMatch(line) && pattern.matches(line: words) {
            if let name = pattern.captured(in: words) {
                add(String(decoding: name, as: UTF8.self), file: file, line: number)
            }
        }
    }

    private mutating func add(_ text: String, file: String, line: Int) {
        let name = Self.normalised(text)
        if !name.isEmpty, places[name] == nil { places[name] = (file, line) }
    }

    /// The name at the beginning of a requirement, in small letters and with `-` for `_`.
    static func normalised(_ text: String) -> String {
        let name = text.utf8.prefix { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 46, 47, 58, 64, 95, 42, 63].contains(byte)
        }
        return String(decoding: Array(name), as: UTF8.self).lowercased().replacing("_", with: "-")
    }

    /// The first of the patterns that a name matches, and where the name stands.
    func place(of patterns: [GlobPattern]) -> Evidence? {
        for pattern in patterns {
            let name =
                places[pattern.text] != nil
                ? pattern.text : places.keys.filter { pattern.matches(line: Array($0.utf8)) }.min()
            guard let name, let place = places[name] else { continue }
            return Evidence(file: place.file, line: place.line, predicate: "\(name) is used")
        }
        return nil
    }
}
