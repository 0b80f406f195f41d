internal import BuildModel
internal import Documents
internal import Platform

/// Reads one rule. Everything in it is checked: an unknown key is an error with its line, and so is what can never hold.
struct RuleReader {
    let file: String
    let root: YAMLNode
    /// Whether it is something to extend, which may leave out what a rule needs.
    let isBase: Bool
    /// Directories that patterns never look into.
    private(set) var ignore: Set<String> = []
    /// Names that `value` may ask for.
    private(set) var names: Set<String> = []
    let pool: PatternPool

    init(file: String, root: YAMLNode = .empty, isBase: Bool = true, pool: PatternPool = PatternPool()) {
        self.pool = pool
        self.file = file
        self.root = root
        self.isBase = isBase
        ignore = Set((root["ignore"]?.elements ?? []).compactMap(\.string))
        names = Set(((root["values"]?.entries ?? []) + (root["versions"]?.entries ?? [])).map(\.key))
    }

    static let keys = [
        "extends", "language", "programs", "image", "buildImage", "ignore", "manifests", "dependencies", "imports",
        "values", "versions", "detect",
        "framework", "refuse", "warn", "hints", "start", "stopSignal", "health", "listens", "environment", "port",
        "user",
        "directory", "files", "writable", "steps", "includesSource",
    ]

    func rule(identity: RuleIdentity) throws(BuildFailure) -> Rule {
        try check(root, keys: Self.keys)
        _ = try root["ignore"].map { node throws(BuildFailure) in try strings(node) }
        let runImage = try image(root, "image")
        if runImage == nil, !isBase { throw problem(root, "'image' is missing.") }
        return Rule(
            identity: identity,
            language: isBase ? "" : try text(root, "language"),
            programs: try alternatives(root, "programs"),
            runImage: runImage ?? "",
            buildImage: try image(root, "buildImage") ?? runImage ?? "",
            ignore: ignore,
            manifests: try root["manifests"].map { node throws(BuildFailure) in try globs(node) } ?? [],
            dependencies: try list(root, "dependencies", dependencySource),
            imports: try imports(),
            values: try values(),
            tools: try tools(),
            detections: try detections(),
            frameworks: try alternatives(root, "framework"),
            refusals: try list(root, "refuse", notice),
            warnings: try list(root, "warn", warning),
            hints: try list(root, "hints", notice),
            starts: try starts(),
            stopSignals: try alternatives(root, "stopSignal", checkedBy: Self.signal),
            healthPaths: try alternatives(root, "health", checkedBy: Self.healthPath),
            listens: try alternatives(root, "listens"),
            environment: try texts(root, "environment"),
            port: try integer(root, "port", in: 1...65535) ?? 3000,
            user: try user(),
            directory: try absolute(root, "directory") ?? "/app",
            files: try list(root, "files", plannedFile),
            writable: try list(root, "writable", writable),
            steps: try steps(),
            includesSource: try flag(root, "includesSource") ?? true
        )
    }

    /// The name of an image: a template, or one with a tag.
    func image(_ node: YAMLNode, _ key: String) throws(BuildFailure) -> String? {
        guard node[key] != nil else { return nil }
        let name = try text(node, key)
        // What a template comes to is checked when it is filled.
        let sample = name.contains("{{") ? Self.sample(of: name) : name
        let image: ImageReference
        do {
            image = try ImageReference(parsing: sample)
        } catch {
            throw problem(node[key], error.message)
        }
        guard image.tag != nil || image.digest != nil else { throw problem(node[key], "'\(key)' needs a tag.") }
        return name
    }

    private static func sample(of template: String) -> String {
        var sample = ""
        var rest = template[...]
        while let start = rest.firstRange(of: "{{"), let end = rest[start.upperBound...].firstRange(of: "}}") {
            // A template that is the whole name may be anything.
            sample += rest[..<start.lowerBound] + (start.lowerBound == template.startIndex ? "library/x:1" : "1")
            rest = rest[end.upperBound...]
        }
        return sample + rest
    }

    func user() throws(BuildFailure) -> String {
        guard let node = root["user"] else { return "65532:65532" }
        let ids = (node.string ?? "").split(separator: ":").map { UInt32($0) ?? 0 }
        guard ids.count == 2, !ids.contains(0) else { throw problem(node, "'user' must be UID:GID in numbers, not 0.") }
        return node.string ?? ""
    }

    private func notice(_ node: YAMLNode) throws(BuildFailure) -> Rule.Notice {
        try check(node, keys: ["when", "message"])
        return try said(node)
    }

    /// What is said of the first place, or of each.
    private func warning(_ node: YAMLNode) throws(BuildFailure) -> Rule.Notice {
        try check(node, keys: ["when", "message", "each"])
        var notice = try said(node)
        notice.isOfEach = try flag(node, "each") ?? false
        guard !notice.isOfEach || notice.when.contains(where: \.isNamedLine) else {
            throw problem(node["each"], "'each' needs a 'line' with 'as', of which every one counts.")
        }
        return notice
    }

    private func said(_ node: YAMLNode) throws(BuildFailure) -> Rule.Notice {
        return Rule.Notice(when: try predicates(node, "when"), message: try text(node, "message"))
    }

    func plannedFile(_ node: YAMLNode) throws(BuildFailure) -> FileRule {
        try check(node, keys: ["path", "content", "when"])
        guard let path = try absolute(node, "path") else { throw problem(node, "'path' is missing.") }
        let file = PlannedFile(path: path, content: try text(node, "content"), mode: 0o644)
        return FileRule(file: file, when: node["when"] == nil ? [] : try predicates(node, "when"))
    }
}
