internal import BuildModel
internal import Documents

extension AppSettings {
    static let keys = [
        "language", "versions", "image", "buildImage", "install", "build", "start", "site", "release", "processes",
        "port", "user", "environment", "directory", "includesSource", "stopSignal", "health", "writable", "steps",
    ]

    /// Reads the file at the root of the tree; what is not said is empty.
    ///
    /// - Throws: `BuildFailure` with code `invalid_manifest`: `slipway.yaml:3: unknown key 'strat'`.
    static func read(_ view: TreeView) throws -> AppSettings {
        guard try view.isFile(fileName) else { return AppSettings() }
        let root = try view.document(fileName).get()
        do {
            return try RuleReader(file: fileName, root: root).settings(keys: keys)
        } catch let failure where failure.code == .invalidRule {
            throw BuildFailure.plan(.invalidManifest, failure.message)
        }
    }
}

extension RuleReader {
    fileprivate func settings(keys: [String]) throws(BuildFailure) -> AppSettings {
        try check(root, keys: keys)
        var settings = AppSettings()
        settings.language = try optional("language")
        settings.versions = try texts(root, "versions")
        settings.image = try image(root, "image")
        settings.buildImage = try image(root, "buildImage")
        settings.install = try optional("install")
        settings.build = try optional("build")
        settings.start = try optional("start")
        settings.site = try optional("site")
        settings.release = try optional("release")
        settings.processes = try texts(root, "processes")
        settings.user = try root["user"] == nil ? nil : user()
        (settings.environment, settings.port) = try environment()
        settings.directory = try absolute(root, "directory")
        settings.includesSource = try flag(root, "includesSource")
        settings.stopSignal = try checked(root, "stopSignal", Self.signal)
        settings.healthPath = try checked(root, "health", Self.healthPath)
        settings.writable = try changed(root, "writable", absolute).map { .init(isAdded: $0.isAdded, paths: $0.1) }
        for entry in root["steps"]?.entries ?? [] { settings.steps.append(try appStep(entry)) }
        return settings
    }

    private func optional(_ key: String) throws(BuildFailure) -> String? {
        try root[key] == nil ? nil : text(root, key)
    }

    /// What the app is given where it runs; PORT there is another word for 'port'.
    private func environment() throws(BuildFailure) -> ([String: String], port: Int?) {
        var environment = try texts(root, "environment")
        let port = try integer(root, "port", in: 1...65535)
        guard let text = environment.removeValue(forKey: "PORT") else { return (environment, port) }
        guard let own = Int(text), (1...65535).contains(own), own == port ?? own else {
            throw problem(
                root["environment"]?["PORT"],
                port.map { "PORT is '\(text.prefix(40))', but 'port' is \($0). Leave one of them out." }
                    ?? "PORT is '\(text.prefix(40))', which is no port (1 to 65535)."
            )
        }
        return (environment, own)
    }

    private func appStep(_ entry: YAMLNode.Entry) throws(BuildFailure) -> AppSettings.Step {
        let node = entry.value
        var step = AppSettings.Step(name: entry.key)
        if node.bool == false {
            step.isSkipped = true
            return step
        }
        try check(
            node,
            keys: [
                "after", "kind", "image", "command", "inputs", "outputs", "caches", "environment", "secrets", "network",
                "limits",
            ]
        )
        step.after = try node["after"] == nil ? nil : text(node, "after")
        step.kind = try node["kind"] == nil ? nil : kind(node)
        step.image = try image(node, "image")
        step.command = try node["command"] == nil ? nil : text(node, "command")
        step.inputs = try node["inputs"].map { node throws(BuildFailure) in try strings(node) }
        step.outputs = try changed(node, "outputs") { node throws(BuildFailure) in
            let output = try self.output(node)
            return StepOutput(path: output.path, isShipped: output.isShipped)
        }
        step.caches = try changed(node, "caches", cache)
        step.environment = try texts(node, "environment")
        step.secrets = try node["secrets"].map { node throws(BuildFailure) in try strings(node) } ?? []
        step.network = try node["network"] == nil ? nil : network(node)
        step.limits = try node["limits"] == nil ? nil : limits(node)
        return step
    }

    /// A list in whose front `...` stands for what was there.
    private func changed<Element>(
        _ node: YAMLNode,
        _ key: String,
        _ read: (YAMLNode) throws(BuildFailure) -> Element
    ) throws(BuildFailure) -> (isAdded: Bool, [Element])? {
        guard let list = node[key] else { return nil }
        guard let elements = list.elements else { throw problem(list, "'\(key)' must be a list.") }
        let isAdded = elements.first?.string == "..."
        var result: [Element] = []
        for element in elements.dropFirst(isAdded ? 1 : 0) { result.append(try read(element)) }
        return (isAdded, result)
    }
}
