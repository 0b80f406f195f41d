internal import BuildModel
internal import Documents

/// Files that say to other platforms how an app starts, where neither the request nor files that are meant for Slipway or for processes
/// in general say it.
struct PlatformFiles {
    let view: TreeView
    let language: String

    private struct Kind {
        var name: String
        var key: String
        /// Whether what it starts is in an image that somebody else's steps make.
        var isBuiltElsewhere = true
        var find: @Sendable (YAMLNode) -> String?
        /// What is run before a rollout.
        var release: @Sendable (YAMLNode) -> String? = { _ in nil }
    }

    private static let kinds: [Kind] = [
        // Others call their files so too; only App Engine's names a runtime. 'serve' is a server that only App Engine has.
        Kind(name: "app.yaml", key: "entrypoint", isBuiltElsewhere: false) { root in
            guard root["runtime"]?.string != nil, let text = root["entrypoint"]?.string else { return nil }
            return text.trimmed.hasPrefix("serve ") ? nil : text
        },
        Kind(name: "heroku.yml", key: "run.web", find: { $0["run"]?["web"]?.string }) {
            // An image of its own is another Dockerfile's.
            ["web", nil].contains($0["release"]?["image"]?.string) ? only($0["release"]?["command"]) : nil
        },
        Kind(name: "render.yaml", key: "startCommand", find: { service($0)?["startCommand"]?.string }) {
            service($0)?["preDeployCommand"]?.string
        },
        Kind(name: "railway.json", key: "deploy.startCommand", find: { $0["deploy"]?["startCommand"]?.string }) {
            only($0["deploy"]?["preDeployCommand"])
        },
        Kind(name: "railway.toml", key: "deploy.startCommand", find: { $0["deploy"]?["startCommand"]?.string }) {
            only($0["deploy"]?["preDeployCommand"])
        },
        Kind(name: "nixpacks.toml", key: "start.cmd") { $0["start"]?["cmd"]?.string },
        Kind(name: "apprunner.yaml", key: "run.command") { $0["run"]?["command"]?.string },
        Kind(name: ".platform.app.yaml", key: "web.commands.start") { $0["web"]?["commands"]?["start"]?.string },
        Kind(name: "manifest.yml", key: "command") { root in
            guard let apps = root["applications"]?.elements, apps.count == 1 else { return nil }
            return apps[0]["command"]?.string
        },
    ]

    /// Programs that are in an image of their language or among an app's own packages, so that what is made here has them too.
    private static let programs: [String: Set<String>] = [
        "python": [
            "python", "python3", "gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve",
        ],
        "node": ["node"], "ruby": ["bundle", "ruby", "rackup", "puma", "rails"],
    ]

    /// Those and what changes a database, which a release may start.
    private static let releasing: [String: Set<String>] = [
        "python": ["flask", "alembic", "bash", "sh"], "node": ["npx", "npm", "yarn", "pnpm", "bash", "sh"],
        "ruby": ["rake", "bin/rails", "bin/rake", "./bin/rails", "bash", "sh"],
    ]

    /// What is run before a rollout, as the first of the files that says so has it.
    ///
    /// - Throws: `BuildFailure` with code `invalid_start_command`.
    func release() throws -> StartCommand? {
        let programs = (Self.programs[language] ?? []).union(Self.releasing[language] ?? [])
        for kind in Self.kinds where try view.isFile(kind.name) {
            guard case .success(let root) = try view.document(kind.name), let text = kind.release(root)?.trimmed,
                !text.isEmpty, try isSingle(text, of: programs) && isThere(text)
            else { continue }
            return try StartCommand(text: text, source: kind.name)
        }
        return nil
    }

    /// The first command that one of the files names; nil where none does, or only what is made elsewhere.
    ///
    /// - Throws: `BuildFailure` with code `invalid_start_command`.
    func start() throws -> StartCommand? {
        for kind in Self.kinds where try view.isFile(kind.name) {
            guard case .success(let root) = try view.document(kind.name), let text = kind.find(root)?.trimmed,
                !text.isEmpty, try !kind.isBuiltElsewhere || (isOfLanguage(text) && isThere(text))
            else { continue }
            return try StartCommand(text: text, source: "\(kind.name): \(kind.key)")
        }
        return nil
    }

    /// A single command whose program needs no more than the language's image and the app's packages.
    private func isOfLanguage(_ text: String) -> Bool {
        // These listen on a port of their own, which platforms find out.
        let isBare =
            !text.contains("PORT")
            && ["runserver", "rackup", " -m flask", " -m http.server"].contains { text.contains($0) }
        return !isBare && isSingle(text, of: Self.programs[language] ?? [])
    }

    private func isSingle(_ text: String, of programs: Set<String>) -> Bool {
        let words = text.split(separator: " ").map(String.init)
        let program = words.first { !$0.contains("=") && $0 != "exec" } ?? ""
        return programs.contains(program) && !text.contains { "&;|`\n".contains($0) } && !text.contains("..")
    }

    /// Whether the files and modules of Python that a command names are in the tree, which may be laid out otherwise in their image.
    private func isThere(_ text: String) throws -> Bool {
        for word in text.split(separator: " ").map(String.init) {
            if [".py", ".js", ".mjs", ".cjs", ".ru", ".rb", ".sh"].contains(where: word.hasSuffix),
                try !view.isFile(word.hasPrefix("./") ? String(word.dropFirst(2)) : word)
            {
                return false
            }
            let parts = word.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard language == "python", parts.count == 2, Self.isModule(parts[0]), Self.isModule(parts[1]) else {
                continue
            }
            let path = parts[0].split(separator: ".").joined(separator: "/")
            guard try view.isFile("\(path).py") || view.isFile("\(path)/__init__.py") else { return false }
        }
        return true
    }

    /// `shop.web`, as Python names it.
    private static func isModule(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
                || byte == 46
        }
    }

    /// The only service of a `render.yaml` that answers requests, if it is the root's.
    private static func service(_ root: YAMLNode) -> YAMLNode? {
        let services = (root["services"]?.elements ?? []).filter { service in
            service["type"]?.string == "web" && !["static", "docker", "image"].contains(kind(service))
        }
        guard services.count == 1, let service = services.first else { return nil }
        return [nil, "", ".", "./"].contains(service["rootDir"]?.string) ? service : nil
    }

    /// A text, or the only one of a list.
    private static func only(_ node: YAMLNode?) -> String? {
        guard let list = node?.elements else { return node?.string }
        return list.count == 1 ? list[0].string : nil
    }

    private static func kind(_ service: YAMLNode) -> String {
        service["runtime"]?.string ?? service["env"]?.string ?? ""
    }
}
