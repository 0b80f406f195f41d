internal import BuildModel
internal import Documents

extension RuleReader {
    /// Of several steps with one name, the first that holds is taken: none may stand behind one that always does.
    func steps() throws(BuildFailure) -> [StepRule] {
        let steps = try list(root, "steps", step)
        for (node, step) in zip(root["steps"]?.elements ?? [], steps) {
            guard let always = steps.first(where: { $0.name == step.name && $0.when.isEmpty }), always != step else {
                continue
            }
            if let index = steps.firstIndex(of: always), let own = steps.firstIndex(of: step), own > index {
                throw problem(node, "this is never reached: a step '\(step.name)' before it always holds.")
            }
        }
        return steps
    }

    func step(_ node: YAMLNode) throws(BuildFailure) -> StepRule {
        try check(
            node,
            keys: [
                "name", "kind", "when", "image", "command", "inputs", "outputs", "caches", "environment", "secrets",
                "variables", "network", "limits",
            ]
        )
        let name = try text(node, "name")
        return StepRule(
            name: name,
            kind: try kind(node),
            when: node["when"] == nil ? [] : try predicates(node, "when"),
            image: try image(node, "image"),
            command: try text(node, "command"),
            inputs: try inputs(node),
            outputs: try list(node, "outputs", output),
            caches: try list(node, "caches", cache),
            environment: try texts(node, "environment"),
            secrets: try node["secrets"].map { node throws(BuildFailure) in try globs(node) } ?? [],
            variables: try node["variables"].map { node throws(BuildFailure) in try globs(node) } ?? [],
            network: try network(node),
            limits: try limits(node)
        )
    }

    func kind(_ node: YAMLNode) throws(BuildFailure) -> BuildStep.Kind {
        let word = try text(node, node["kind"] == nil ? "name" : "kind")
        guard let kind = BuildStep.Kind(rawValue: word) else {
            let known = BuildStep.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw problem(node["kind"] ?? node, "'kind' must be one of \(known), or the step's name is one of them.")
        }
        return kind
    }

    func inputs(_ node: YAMLNode) throws(BuildFailure) -> StepRule.Inputs {
        guard let list = node["inputs"], list.string != "all" else { return .all }
        return .matching(try strings(list).map { GlobPattern($0) })
    }

    /// A path, or a path and whether and when the image that runs gets it.
    func output(_ node: YAMLNode) throws(BuildFailure) -> StepRule.Output {
        guard node.entries != nil else { return StepRule.Output(path: try absolute(node), isShipped: true) }
        try check(node, keys: ["path", "shipped", "when"])
        guard let path = try absolute(node, "path") else { throw problem(node, "'path' is missing.") }
        return StepRule.Output(
            path: path,
            isShipped: try flag(node, "shipped") ?? true,
            when: node["when"] == nil ? [] : try predicates(node, "when")
        )
    }

    /// The path of a directory, or that and when the app may write to it.
    func writable(_ node: YAMLNode) throws(BuildFailure) -> Rule.Writable {
        guard node.entries != nil else { return Rule.Writable(path: try absolute(node)) }
        try check(node, keys: ["path", "alone", "databases", "when"])
        guard let path = try absolute(node, "path") else { throw problem(node, "'path' is missing.") }
        let (isAlone, isOfDatabases) = (try flag(node, "alone") ?? false, try flag(node, "databases") ?? false)
        guard !(isAlone && isOfDatabases) else { throw problem(node, "it is 'alone' or of 'databases', not both.") }
        return Rule.Writable(
            path: path,
            extent: isAlone ? .alone : isOfDatabases ? .databases : .whole,
            when: node["when"] == nil ? [] : try predicates(node, "when")
        )
    }

    func cache(_ node: YAMLNode) throws(BuildFailure) -> CacheMount {
        try check(node, keys: ["name", "path", "locked"])
        guard let path = try absolute(node, "path") else { throw problem(node, "'path' is missing.") }
        if let own = SandboxPath.reserved(at: path) {
            throw problem(node["path"], "no cache can be at '\(path)': \(own) is the sandbox's own.")
        }
        let name = try text(node, "name")
        guard CacheMount.isName(name) else {
            throw problem(node["name"], "the name of a cache is made of letters, digits, '-', '_' and '.'.")
        }
        return CacheMount(name: name, path: path, isLocked: try flag(node, "locked") ?? false)
    }

    /// `none`, `packages` (what the operator lets steps fetch from), or that and a list of HOST:PORT.
    func network(_ node: YAMLNode) throws(BuildFailure) -> StepNetwork {
        guard let value = node["network"], value.string != "none" else { return .none }
        guard value.string != "packages" else { return .egress([]) }
        guard value.elements != nil else {
            throw problem(value, "'network' must be none, packages or a list of HOST:PORT.")
        }
        let hosts = try strings(value)
        for host in hosts where !StepNetwork.isTarget(host) {
            throw problem(value, "'\(host)' is no HOST:PORT; the host may begin with '*.'.")
        }
        return .egress(hosts.sorted())
    }

    func limits(_ node: YAMLNode) throws(BuildFailure) -> StepLimits {
        guard let limits = node["limits"] else { return StepLimits() }
        try check(limits, keys: StepLimits.names)
        return try StepLimits { (name, range) throws(BuildFailure) in
            try integer(limits, name, in: Int64(range.lowerBound)...Int64(range.upperBound))
        }
    }
}
