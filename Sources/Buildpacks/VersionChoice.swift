internal import BuildModel

/// Finds out which version of a tool is wanted and where that is written. One precedence for all tools: `slipway.yaml`, the variable
/// `SLIPWAY_TOOL_VERSION`, then the rule's sources in their order, then the index's default.
struct VersionChoice {
    let context: RuleContext
    let tool: Rule.Tool

    func resolved() throws -> (PlannedVersion, warnings: [String]) {
        if let version = context.inputs.options.lock?.versions[tool.name] {
            // Where nothing has changed, the plan says what it said.
            if let chosen = try? chosen(), chosen.0.version == version { return chosen }
            let locked = PlannedVersion(tool: tool.name, version: version, request: nil, source: "lock", endOfLife: nil)
            return (locked, [])
        }
        return try chosen()
    }

    private func chosen() throws -> (PlannedVersion, warnings: [String]) {
        var notes: [String] = []
        let request = try request(&notes)
        let pin = context.inputs.options.pins[tool.name].flatMap { Version($0) }
        guard context.inputs.index.tools[tool.name] != nil || tool.standard == nil else {
            return (withoutIndex(request), notes)
        }
        let found = try context.inputs.index.resolve(
            tool.name,
            request: request,
            pinned: pin,
            today: context.inputs.options.today
        )
        let planned = PlannedVersion(
            tool: tool.name,
            version: found.version.description,
            request: found.request,
            source: found.source,
            endOfLife: found.endOfLife
        )
        return (planned, notes + found.warnings + (try contradictions(to: found)))
    }

    /// A tool that the index does not know: what is asked for if it is a version, else what the rule says.
    private func withoutIndex(_ request: VersionRequest?) -> PlannedVersion {
        let wanted = request.flatMap { request in Version(request.text).map { (request, $0) } }
        return PlannedVersion(
            tool: tool.name,
            version: wanted?.1.description ?? tool.standard ?? "",
            request: request?.text,
            source: wanted?.0.source ?? "default",
            endOfLife: nil
        )
    }

    private func request(_ notes: inout [String]) throws -> VersionRequest? {
        if let text = context.inputs.settings.versions[tool.name] {
            return VersionRequest(text, dialect, source: AppSettings.fileName)
        }
        if let text = context.inputs.options.environment[variable], !text.isEmpty {
            return VersionRequest(text, dialect, source: "variable \(variable)")
        }
        for source in tool.sources {
            switch try Detector(context).all(source.when) {
            case .holds(let evidence, let facts):
                if let request = try request(of: source, evidence, facts, &notes) { return request }
            case .fails: continue
            // A lock file that is too large or broken is its own tool's affair.
            case .unreadable(let failure): notes.append(failure.message)
            }
        }
        return nil
    }

    /// What a source that holds asks for; nil where that is nothing, or what the manifests do not allow.
    private func request(
        of source: Rule.Tool.Source,
        _ evidence: [Evidence],
        _ facts: [String: String],
        _ notes: inout [String]
    ) throws -> VersionRequest? {
        guard let text = try text(of: source, facts), !text.isEmpty else { return nil }
        guard Self.namesVersion(text) else {
            notes.append("\(Self.place(evidence)): '\(text.prefix(80))' names no version.")
            return nil
        }
        // A line of prose may begin as one with bounds does.
        if source.dialect == .pvp, (try? VersionRange(parsing: text, dialect: .pvp)) == nil { return nil }
        let place = Self.place(context.evidence(ofValueIn: source.form) ?? evidence)
        let request = VersionRequest(text, source.dialect, source: place, rollForward: facts["rollForward"])
        return try !source.isWithin || isAllowed(request) ? request : nil
    }

    /// The dialect of manifests, in which people write ranges, unless a plain version is not that version in it but the least that is
    /// needed: who names one here means it.
    private var dialect: VersionDialect {
        tool.sources.first { ![.prefix, .minimum, .go].contains($0.dialect) }?.dialect ?? .prefix
    }

    private var variable: String { "SLIPWAY_\(tool.name.uppercased().replacing("-", with: "_"))_VERSION" }

    func text(of source: Rule.Tool.Source, _ facts: [String: String]) throws -> String? {
        if let form = source.form { return try context.template(facts).filled(form).trimmed }
        let text = facts["version.text"] ?? facts["version"]
        // Files of one version may have a comment behind it.
        let version = (text?.firstRange(of: " #").map { String(text?[..<$0.lowerBound] ?? "") } ?? text)?.trimmed
        // How version managers write the newest of those that begin with something.
        guard let version, let word = ["latest:", "prefix:"].first(where: version.hasPrefix) else { return version }
        return String(version.dropFirst(word.count))
    }

    /// Whether a text is not what version managers take for something on the machine at hand.
    private static func namesVersion(_ text: String) -> Bool {
        text != "system" && !["ref:", "path:", "tag:", "branch:"].contains(where: text.hasPrefix)
    }

    /// `package.json:4: engines.node`, the place that the version stands at.
    static func place(_ evidence: [Evidence]) -> String {
        guard let last = evidence.last else { return "rule" }
        let path = last.predicate.split(separator: " ").first.map(String.init) ?? ""
        let place = last.file + (last.line.map { ":\($0)" } ?? "")
        return last.predicate.hasPrefix("the ") || last.predicate.hasPrefix("its ") ? place : "\(place): \(path)"
    }
}
