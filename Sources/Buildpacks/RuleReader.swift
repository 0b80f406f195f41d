internal import BuildModel
internal import Documents
internal import Platform

/// Reads one rule file. Everything in it is checked: an unknown key is an error with its line.
struct RuleReader {
    let file: String

    static func read(_ bytes: [UInt8], file: String) throws(BuildFailure) -> Rule {
        let reader = RuleReader(file: file)
        let root: YAMLNode
        do {
            root = try YAMLDocument.parse(bytes, name: file)
        } catch {
            throw BuildFailure(.platform, .invalidRule, operation: "rules.load", message: error.message)
        }
        return try reader.rule(root, identity: RuleIdentity(name: reader.name, digest: Digest(of: bytes)))
    }

    /// The file's name without its ending.
    private var name: String { String(file.split(separator: ".").first ?? "") }

    private func rule(_ root: YAMLNode, identity: RuleIdentity) throws(BuildFailure) -> Rule {
        try check(
            root,
            keys: [
                "language", "image", "ignore", "detect", "refuse", "warn", "start", "environment", "port", "user",
                "directory", "files", "steps", "includesSource",
            ]
        )
        return Rule(
            identity: identity,
            language: try text(root, "language"),
            image: try image(root, "image"),
            ignore: Set(try root["ignore"].map { node throws(BuildFailure) in try strings(node) } ?? []),
            detections: try list(root, "detect", detection),
            refusals: try list(root, "refuse", notice),
            warnings: try list(root, "warn", notice),
            starts: try list(root, "start", start),
            environment: try texts(root, "environment"),
            port: try integer(root, "port", in: 1...65535) ?? 3000,
            user: try user(root),
            directory: try absolute(root, "directory") ?? "/app",
            files: try list(root, "files", plannedFile),
            steps: try list(root, "steps", step),
            includesSource: try flag(root, "includesSource") ?? true
        )
    }

    func image(_ root: YAMLNode, _ key: String) throws(BuildFailure) -> ImageReference {
        let name = try text(root, key)
        let image: ImageReference
        do {
            image = try ImageReference(parsing: name)
        } catch {
            throw problem(root[key], error.message)
        }
        guard image.tag != nil || image.digest != nil else { throw problem(root[key], "'\(key)' needs a tag.") }
        return image
    }

    private func user(_ root: YAMLNode) throws(BuildFailure) -> String {
        guard let node = root["user"] else { return "65532:65532" }
        let ids = (node.string ?? "").split(separator: ":").map { UInt32($0) ?? 0 }
        guard ids.count == 2, !ids.contains(0) else { throw problem(node, "'user' must be UID:GID in numbers, not 0.") }
        return node.string ?? ""
    }

    private func detection(_ node: YAMLNode) throws(BuildFailure) -> Rule.Detection {
        try check(node, keys: ["score", "when", "set"])
        guard let score = try integer(node, "score", in: 1...100) else { throw problem(node, "'score' is missing.") }
        return Rule.Detection(score: score, when: try predicates(node, "when"), facts: try texts(node, "set"))
    }

    private func notice(_ node: YAMLNode) throws(BuildFailure) -> Rule.Notice {
        try check(node, keys: ["when", "message"])
        return Rule.Notice(when: try predicates(node, "when"), message: try text(node, "message"))
    }

    private func start(_ node: YAMLNode) throws(BuildFailure) -> Rule.Start {
        try check(node, keys: ["when", "command", "arguments", "refuse"])
        let when = node["when"] == nil ? [] : try predicates(node, "when")
        switch (node["command"], node["arguments"], node["refuse"]) {
        case (.some, nil, nil): return Rule.Start(when: when, action: .command(try text(node, "command")))
        case (nil, .some(let list), nil): return Rule.Start(when: when, action: .arguments(try strings(list)))
        case (nil, nil, .some): return Rule.Start(when: when, action: .refuse(try text(node, "refuse")))
        default: throw problem(node, "a way to start has one of 'command', 'arguments' and 'refuse'.")
        }
    }

    private func plannedFile(_ node: YAMLNode) throws(BuildFailure) -> PlannedFile {
        try check(node, keys: ["path", "content"])
        guard let path = try absolute(node, "path") else { throw problem(node, "'path' is missing.") }
        return PlannedFile(path: path, content: try text(node, "content"), mode: 0o644)
    }
}
