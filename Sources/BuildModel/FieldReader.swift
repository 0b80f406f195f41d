/// Reads typed members of a JSON object and says exactly which one is wrong.
struct FieldReader {
    private let value: JSONValue
    private let prefix: String

    init(_ value: JSONValue, prefix: String = "") {
        self.value = value
        self.prefix = prefix
    }

    static func invalid(_ field: String, _ reason: String) -> BuildFailure {
        BuildFailure(
            .code,
            .invalidRequest,
            operation: "request.validate",
            message: field == "the request" ? "The request \(reason)." : "Field '\(field)' \(reason)."
        )
    }

    private func invalid(_ name: String, _ reason: String) -> BuildFailure { Self.invalid(prefix + name, reason) }

    /// All members of the object.
    var members: [String: JSONValue] { value.object ?? [:] }

    /// The member, with null meaning absent.
    private func member(_ name: String) -> JSONValue? {
        guard let member = value[name], member != .null else { return nil }
        return member
    }

    func string(_ name: String, maximum: Int) throws(BuildFailure) -> String? {
        guard let member = member(name) else { return nil }
        guard let text = member.string else { throw invalid(name, "must be a string, not \(member.kind)") }
        guard !text.isEmpty else { throw invalid(name, "must not be empty; leave it out instead") }
        guard text.utf8.count <= maximum else { throw invalid(name, "must have at most \(maximum) bytes") }
        guard !text.utf8.contains(0) else { throw invalid(name, "must not contain a NUL byte") }
        return text
    }

    func requiredString(_ name: String, maximum: Int) throws(BuildFailure) -> String {
        guard let text = try string(name, maximum: maximum) else { throw invalid(name, "is required") }
        return text
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(BuildFailure) -> Int? {
        guard let member = member(name) else { return nil }
        guard let number = member.integer, let value = Int(exactly: number), range.contains(value) else {
            throw invalid(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func bool(_ name: String) throws(BuildFailure) -> Bool? {
        guard let member = member(name) else { return nil }
        guard let value = member.bool else { throw invalid(name, "must be true or false, not \(member.kind)") }
        return value
    }

    func object(_ name: String) throws(BuildFailure) -> FieldReader? {
        guard let member = member(name) else { return nil }
        guard member.object != nil else { throw invalid(name, "must be an object, not \(member.kind)") }
        return FieldReader(member, prefix: prefix + name + ".")
    }

    func strings(_ name: String) throws(BuildFailure) -> [String] {
        guard let member = member(name) else { return [] }
        guard let elements = member.array else { throw invalid(name, "must be a list, not \(member.kind)") }
        var strings: [String] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.string else { throw invalid("\(name)[\(index)]", "must be a string") }
            strings.append(text)
        }
        return strings
    }
}
