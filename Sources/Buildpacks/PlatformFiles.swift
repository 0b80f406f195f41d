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
    }

    private static let kinds: [Kind] = [
        // Others call their files so too; only App Engine's names a runtime. 'serve' is a server that only App Engine has.
        Kind(name: "app.yaml", key: "entrypoint", isBuiltElsewhere: false) { root in
            guard root["runtime"]?.string != nil, let text = root["entrypoint"]?.string else { return nil }
            return text.trimmed.hasPrefix("serve ") ? nil : text
        },
        Kind(name: "heroku.yml", key: "run.web") { $0["run"]?["web"]?.string },
        Kind(name: "render.yaml", key: "startCommand") { service($0)?["startCommand"]?.string },
        Kind(name: "railway.json", key: "deploy.startCommand") { $0["deploy"]?["startCommand"]?.string },
        Kind(name: "railway.toml", key: "deploy.startCommand") { $0["deploy"]?["startCommand"]?.string },
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
        let words = text.split(separator: " ").map(String.init)
        let program = words.first { !$0.contains("=") && $0 != "exec" } ?? ""
        // These listen on a port of their own, which platforms find out.
        let isBare =
            !text.contains("PORT")
            && ["runserver", "rackup", " -m flask", " -m http.server"].contains { text.contains($0) }
        return Self.programs[language]?.contains(program) == true && !isBare && !text.contains { "&;|`\n".contains($0) }
            && !text.contains("..")
    }

    /// Whether the files and modules of Python that a command names are in the tree, which may be laid out otherwise in their image.
    private func isThere(_ text: String) throws -> Bool {
        for word in text.split(separator: " ").map(String.init) {
            if [".py", ".js", ".mjs", ".cjs", ".ru", ".rb"].contains(where: word.hasSuffix), try !view.isFile(word) {
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

    private static func kind(_ service: YAMLNode) -> String {
        service["runtime"]?.string ?? service["env"]?.string ?? ""
    }
}
