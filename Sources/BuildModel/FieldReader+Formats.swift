extension FieldReader {
    /// A name that ends up in keys, labels and paths: letters, digits, `.`, `_`, `:` and `-`, starting with a letter or digit.
    func identifier(_ name: String) throws(BuildFailure) -> String? {
        guard let text = try string(name, maximum: 128) else { return nil }
        guard Self.isIdentifier(text) else {
            throw Self.invalid(
                name,
                "may have letters, digits, '.', '_', ':' and '-' only, and starts with a letter or digit"
            )
        }
        return text
    }

    private static func isIdentifier(_ text: String) -> Bool {
        let marks = [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-")]
        guard let first = text.utf8.first, isAlphanumeric(first), text.utf8.count <= 128 else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || marks.contains($0) }
    }

    /// The most labels that a build may name: each claim looks at them.
    private static let mostLabels = 32

    /// Labels: an object from names to strings, both identifiers.
    func labels(_ name: String) throws(BuildFailure) -> [String: String] {
        guard let members = try object(name)?.members else { return [:] }
        guard members.count <= Self.mostLabels else {
            throw Self.invalid(name, "may have \(Self.mostLabels) members at most, not \(members.count)")
        }
        var labels: [String: String] = [:]
        for (key, value) in members {
            guard Self.isIdentifier(key), case .string(let text) = value, Self.isIdentifier(text) else {
                throw Self.invalid(
                    "\(name).\(key.prefix(64))",
                    "must be words of letters, digits, '.', '_', ':' and '-'"
                )
            }
            labels[key] = text
        }
        return labels
    }

    func requiredIdentifier(_ name: String) throws(BuildFailure) -> String {
        guard let text = try identifier(name) else { throw Self.invalid(name, "is required") }
        return text
    }

    /// A full or abbreviated commit id: 4 to 40 hex digits, returned in lower case.
    func commit(_ name: String) throws(BuildFailure) -> String? {
        guard let text = try string(name, maximum: 40)?.lowercased() else { return nil }
        guard text.utf8.count >= 4, text.utf8.allSatisfy(Hexadecimal.isLowercaseDigit) else {
            throw Self.invalid(name, "must be a commit id of 4 to 40 hexadecimal digits")
        }
        return text
    }

    /// A relative directory; leading and trailing slashes and `.` parts are dropped, `..` is refused.
    func directory(_ name: String) throws(BuildFailure) -> String {
        guard let text = try string(name, maximum: 1024) else { return "" }
        let parts = text.split(separator: "/").filter { $0 != "." }
        guard !parts.contains("..") else {
            throw Self.invalid(name, "must stay inside the repository: '..' is not allowed")
        }
        return parts.joined(separator: "/")
    }

    /// Environment variables: an object from names to strings; numbers and booleans are taken as they are written.
    func environment(_ name: String) throws(BuildFailure) -> [String: String] {
        guard let members = try object(name)?.members else { return [:] }
        var variables: [String: String] = [:]
        for (key, value) in members {
            guard Self.isVariableName(key) else {
                throw Self.invalid("\(name).\(key.prefix(64))", "is not the name of an environment variable")
            }
            switch value {
            case .string(let text): variables[key] = text
            case .integer(let number): variables[key] = String(number)
            case .bool(let flag): variables[key] = String(flag)
            default: throw Self.invalid("\(name).\(key)", "must be a string, not \(value.kind)")
            }
            guard variables[key]?.utf8.contains(0) != true else {
                throw Self.invalid("\(name).\(key)", "must not contain a NUL byte")
            }
        }
        return variables
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    static func isVariableName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
    }
}
