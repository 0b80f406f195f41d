internal import BuildModel
internal import Documents

/// A value of a template with its variables found and checked, ready to be filled as often as there are deployments.
indirect enum TemplateNode: Sendable, Hashable {
    case constant(JSONValue)
    /// A variable that is the whole value, with its own type; without a value the member or element is left out.
    case variable(String)
    case text([Piece])
    case list([TemplateNode])
    case object([String: TemplateNode])

    enum Piece: Sendable, Hashable {
        case literal(String)
        case variable(String)
    }

    /// The value with every variable replaced; nil for a variable without a value.
    ///
    /// Values are put in after the YAML was read, so that none of them can be taken for YAML.
    func filled(_ variables: TemplateVariables) -> JSONValue? {
        switch self {
        case .constant(let value): value
        case .variable(let name): variables[name]
        case .text(let pieces): .string(pieces.map { Self.text($0, variables) }.joined())
        case .list(let nodes): .array(nodes.compactMap { $0.filled(variables) })
        case .object(let members): .object(members.compactMapValues { $0.filled(variables) })
        }
    }

    /// The member of an object; nil where there is none.
    subscript(member: String) -> TemplateNode? {
        guard case .object(let members) = self else { return nil }
        return members[member]
    }

    /// Whether it is a variable, or a text with it inside.
    func has(_ variable: String) -> Bool { variables.contains(variable) }

    /// The variables of a value that is no list or object.
    var variables: Set<String> {
        switch self {
        case .variable(let name): [name]
        case .text(let pieces):
            Set(pieces.compactMap { piece in if case .variable(let name) = piece { name } else { nil } })
        case .constant, .list, .object: []
        }
    }

    private static func text(_ piece: Piece, _ variables: TemplateVariables) -> String {
        switch piece {
        case .literal(let text): text
        case .variable(let name):
            variables[name].flatMap { value in value.string ?? value.integer.map { String($0) } } ?? ""
        }
    }
}

/// Makes template nodes of YAML.
struct TemplateCompiler {
    /// The file, for complaints.
    let origin: String

    func node(_ yaml: YAMLNode) throws(BuildFailure) -> TemplateNode {
        switch yaml.content {
        case .scalar(let text, let isPlain): return try scalar(text, isPlain: isPlain, yaml)
        case .sequence(let nodes):
            var list: [TemplateNode] = []
            for node in nodes { list.append(try self.node(node)) }
            return .list(list)
        case .mapping(let entries):
            var members: [String: TemplateNode] = [:]
            for entry in entries {
                guard !entry.key.contains("${") else {
                    throw invalid(entry.line, "has a variable in the key '\(entry.key)'; only values may have them")
                }
                members[entry.key] = try node(entry.value)
            }
            return .object(members)
        }
    }

    private func scalar(_ text: String, isPlain: Bool, _ yaml: YAMLNode) throws(BuildFailure) -> TemplateNode {
        let pieces = try self.pieces(text, yaml.line)
        let names = pieces.compactMap { piece in if case .variable(let name) = piece { name } else { nil } }
        if names.isEmpty {
            let literal = pieces.map { piece in if case .literal(let text) = piece { text } else { "" } }.joined()
            return .constant(literal == text ? yaml.json : .string(literal))
        }
        // Quotes make a number's variable a text, as they do with numbers.
        if pieces.count == 1, let name = names.first, isPlain || TemplateVariables.wholes.contains(name) {
            return .variable(name)
        }
        if let name = names.first(where: TemplateVariables.wholes.contains) {
            throw invalid(yaml.line, "has ${\(name)} inside other text; it has to be the whole value")
        }
        return .text(pieces)
    }

    private func pieces(_ text: String, _ line: Int) throws(BuildFailure) -> [TemplateNode.Piece] {
        var pieces: [TemplateNode.Piece] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            let before = rest[..<start.lowerBound]
            // Two dollars stand for one that begins no variable.
            if before.hasSuffix("$") {
                pieces.append(.literal(String(before) + "{"))
                rest = rest[start.upperBound...]
                continue
            }
            if !before.isEmpty { pieces.append(.literal(String(before))) }
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw invalid(line, "has a ${ without a }; $${ stands for ${ itself")
            }
            let name = String(rest[start.upperBound..<end])
            guard TemplateVariables.texts.union(TemplateVariables.wholes).contains(name) else {
                let known = TemplateVariables.texts.union(TemplateVariables.wholes).sorted().joined(separator: ", ")
                throw invalid(
                    line,
                    "has the unknown variable ${\(name)}; there are \(known), and $${ stands for ${ itself"
                )
            }
            pieces.append(.variable(name))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty || pieces.isEmpty { pieces.append(.literal(String(rest))) }
        return pieces
    }

    func invalid(_ line: Int, _ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "kubernetes.template",
            message: "\(origin):\(line): The template \(reason)."
        )
    }
}
