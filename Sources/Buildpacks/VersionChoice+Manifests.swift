extension VersionChoice {
    /// Manifests further down that do not allow what is taken: their own tools may refuse to run.
    func contradictions(to found: ResolvedVersion) throws -> [String] {
        guard found.request != nil, let other = try refusal(of: found) else { return [] }
        return [
            "\(other), but \(tool.name) \(found.version) is taken, from \(found.source): let both say the same."
        ]
    }

    /// Whether what a request chooses is within what the manifests allow.
    func isAllowed(_ request: VersionRequest) throws -> Bool {
        let found = try? context.inputs.index.resolve(tool.name, request: request, today: context.inputs.options.today)
        return try found.map { try refusal(of: $0) == nil } ?? false
    }

    /// The first manifest that does not allow a version, and what it asks for.
    private func refusal(of found: ResolvedVersion) throws -> String? {
        for source in tool.sources where source.form == nil {
            guard let dialect = Self.manifests[source.dialect],
                case .holds(let evidence, let facts) = try Detector(context).all(source.when),
                let text = try text(of: source, facts), !text.isEmpty, Self.place(evidence) != found.source,
                let range = try? VersionRange(parsing: text, dialect: dialect), !range.contains(found.version)
            else { continue }
            return "\(Self.place(evidence)) asks for '\(text.prefix(80))'"
        }
        return nil
    }

    /// Dialects in which a manifest says what it allows, and how that is read: a go.mod allows what is newer.
    private static let manifests: [VersionDialect: VersionDialect] = [
        .npm: .npm, .pep440: .pep440, .poetry: .poetry, .ruby: .ruby, .composer: .composer, .hex: .hex,
        .go: .minimum, .minimum: .minimum,
    ]
}
