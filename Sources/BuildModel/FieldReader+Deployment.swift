extension FieldReader {
    /// `true` and `false` as the first version of the contract had it, or the name of a mode.
    func deployMode(_ name: String) throws(BuildFailure) -> DeployMode? {
        switch members[name] {
        case nil, .null?: return nil
        case .bool(let flag)?: return flag ? .cluster : DeployMode.none
        case .string(let text)?:
            if let mode = DeployMode(rawValue: text) { return mode }
        default: break
        }
        throw Self.invalid(name, "must be true, false, \"cluster\", \"none\" or \"render\"")
    }

    /// `true` for the last good build, or the id of a build; nil for `false` and nothing.
    func rollbackTarget(_ name: String) throws(BuildFailure) -> RollbackTarget? {
        switch members[name] {
        case nil, .null?, .bool(false)?: return nil
        case .bool(true)?: return .lastGood
        case .string?: return try identifier(name).map { .build($0) }
        default: throw Self.invalid(name, "must be true, false or the deploymentId of a build")
        }
    }

    /// An object from variables to `{"secret": NAME, "key": KEY}`.
    func secretReferences(_ name: String) throws(BuildFailure) -> [String: SecretReference] {
        guard let members = try object(name)?.members else { return [:] }
        var references: [String: SecretReference] = [:]
        for (variable, value) in members {
            let field = "\(name).\(variable.prefix(64))"
            guard Self.isVariableName(variable) else {
                throw Self.invalid(field, "is not the name of an environment variable")
            }
            guard let secret = value["secret"]?.string, Self.isSecretName(secret), let key = value["key"]?.string,
                Self.isSecretKey(key)
            else {
                throw Self.invalid(
                    field,
                    "must be {\"secret\": NAME, \"key\": KEY}, as Kubernetes names Secrets and their keys"
                )
            }
            references[variable] = SecretReference(secret: secret, key: key)
        }
        return references
    }

    /// A DNS subdomain: RFC 1123.
    private static func isSecretName(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= 253 else { return false }
        return isLowercase(first) && isLowercase(last)
            && text.utf8.allSatisfy { isLowercase($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    private static func isSecretKey(_ text: String) -> Bool {
        let others: [UInt8] = [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")]
        return !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { isLowercase($0) || (65...90).contains($0) || others.contains($0) }
    }

    private static func isLowercase(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...122).contains(byte) }
}
