internal import BuildModel

/// What one rule knows of one tree: facts that were found, values and versions that are worked out when somebody asks. Confined to
/// the call that plans, as the view of the tree is.
final class RuleContext {
    /// The name of the value that is there if somebody else than the rule says how to start: the command.
    static let customStart = "customStart"
    /// The same of how to build.
    static let customBuild = "customBuild"
    /// The same of how to install.
    static let customInstall = "customInstall"
    /// The same of what is run before a rollout.
    static let customRelease = "customRelease"
    /// The name of the value that is there if the plan's port is what the rule saw the program listen on.
    static let seenPort = "seenPort"
    /// The name of the value that is there if commands of a Dockerfile are dependencies: what they install, quoted.
    static let instructed = "instructed"
    /// The name of the value that is there if packages are those that sources import: these, quoted.
    static let imported = "importedPackages"
    /// The name of the value that is there if nothing lists packages, and a source imports what no table knows: which, and where.
    static let unknownImport = "unknownImport"
    /// Names of values that every rule has.
    static let customNames = [
        customStart, customBuild, customInstall, customRelease, seenPort, instructed, imported, unknownImport,
    ]

    let rule: Rule
    let view: TreeView
    let inputs: PlanInputs
    /// What detection and the parts of the rule found, by name.
    var facts: [String: String] = [:]
    /// The versions that were asked for so far, by tool.
    private(set) var versions: [String: PlannedVersion] = [:]
    private(set) var warnings: [String] = []
    private var values: [String: String?] = [:]
    /// What was seen that gave a value of the rule.
    private var evidence: [String: [Evidence]] = [:]
    private var inProgress: Set<String> = []
    private var known: DependencyNames?
    private(set) var takesImports = false

    init(_ rule: Rule, view: TreeView, inputs: PlanInputs) {
        self.rule = rule
        self.view = view
        self.inputs = inputs
    }

    /// The value of a name in a template or predicate: a fact, a value of the rule, or a tool's version (`node`, `node.minor`
    /// for its first two numbers, `node.major`). Nil if nothing gives one.
    func value(_ name: String) throws -> String? {
        if let fact = facts[name] { return fact }
        if let known = values[name] { return known }
        if name == Self.instructed { return try Self.quoted(dependencies().instructed) }
        if name == Self.imported { return try dependencies().isImported ? Self.quoted(dependencies().instructed) : nil }
        if name == Self.unknownImport {
            return try dependencies().unknown.map { "'\($0.name)', which \($0.file) imports" }
        }
        guard let rule = rule.values.first(where: { $0.name == name }) else { return try version(name) }
        guard inProgress.insert(name).inserted else { throw circle(name) }
        defer { inProgress.remove(name) }
        let found = try first(of: rule.alternatives)
        values[name] = .some(found?.text)
        evidence[name] = found?.evidence
        return found?.text
    }

    /// What a text is taken from that is nothing but a value of the rule, `{{name}}`; nil for any other, and where nothing was seen.
    func evidence(ofValueIn form: String?) -> [Evidence]? {
        guard let form, form.hasPrefix("{{"), form.hasSuffix("}}") else { return nil }
        let seen = evidence[String(form.dropFirst(2).dropLast(2))] ?? []
        return seen.isEmpty ? nil : seen
    }

    /// The first alternative that holds, filled.
    func first(of alternatives: [Rule.Value.Alternative]) throws -> (text: String, evidence: [Evidence])? {
        let detector = Detector(self)
        for alternative in alternatives {
            switch try detector.all(alternative.when) {
            case .holds(let evidence, let found):
                return (try template(found).filled(alternative.text), evidence)
            case .fails: continue
            case .unreadable(let failure): throw failure
            }
        }
        return nil
    }

    func template(_ facts: [String: String] = [:]) -> Template { Template(facts: facts, context: self) }

    private func version(_ name: String) throws -> String? {
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        guard let tool = rule.tools.first(where: { $0.name == parts.first }) else { return nil }
        guard let version = try resolved(tool)?.version else { return nil }
        guard parts.count == 2 else { return version }
        let count = ["major": 1, "minor": 2][parts[1]] ?? 0
        return count == 0 ? nil : version.split(separator: ".").prefix(count).joined(separator: ".")
    }

    /// The tool's version, found out once; nil if the tool is not needed here.
    @discardableResult
    func resolved(_ tool: Rule.Tool) throws -> PlannedVersion? {
        if let known = versions[tool.name] { return known }
        guard case .holds = try Detector(self).all(tool.when) else { return nil }
        guard inProgress.insert("version \(tool.name)").inserted else { throw circle(tool.name) }
        defer { inProgress.remove("version \(tool.name)") }
        let (version, notes) = try VersionChoice(context: self, tool: tool).resolved()
        versions[tool.name] = version
        warnings += notes.filter { !warnings.contains($0) }
        return version
    }

    /// The dependencies that the tree names.
    func dependencies() throws -> DependencyNames {
        if let known { return known }
        let found = try DependencyNames(self)
        known = found
        return found
    }

    /// Takes packages from imports from now on, if nothing lists any: to recognise a language by them would be to guess.
    func takeImports() throws {
        guard let table = rule.imports, case .holds = try Detector(self).all(table.when) else { return }
        takesImports = true
        known = nil
        // What was worked out without them may come out otherwise.
        let found = try dependencies()
        if found.isImported || found.unknown != nil {
            (values, evidence, versions, warnings) = ([:], [:], [:], [])
        }
    }

    private static func quoted(_ words: [String]) -> String? {
        words.isEmpty ? nil : words.map { "'\($0)'" }.joined(separator: " ")
    }

    private func circle(_ name: String) -> BuildFailure {
        let message = "Rule '\(rule.identity.name)' needs '\(name)' to work out '\(name)'."
        return BuildFailure(.platform, .invalidRule, operation: "plan", message: message)
    }
}

/// What planning works with beside the tree.
struct PlanInputs {
    var options: PlanOptions
    var settings: AppSettings
    var index: VersionIndex
}
