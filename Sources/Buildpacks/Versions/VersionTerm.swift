/// One bound as it is written, an operator and a version: `^1.2`, `~> 3.1`, `>=20`, `3.11.*`.
struct VersionTerm {
    private let name: String
    private let partial: PartialVersion
    private let dialect: VersionDialect
    private let text: Substring

    private typealias Bound = VersionRange.Bound

    /// Longest first.
    private static let operators = ["===", "^>=", "~=", "~>", "==", "!=", "<=", ">=", "<", ">", "=", "~", "^"]

    init(_ text: Substring, _ dialect: VersionDialect) throws(VersionSyntaxError) {
        let name = Self.operators.first { text.hasPrefix($0) } ?? ""
        var rest = text.dropFirst(name.count)
        if name.isEmpty, dialect == .prefix || dialect == .go || dialect == .java {
            let prefix = VersionDialect.toolPrefixes.first { rest.hasPrefix($0) && rest.count > $0.count }
            rest = rest.dropFirst(prefix?.count ?? 0)
        }
        // Composer's stability flags say what may be unstable, which no released tool is.
        if dialect == .composer, let flag = rest.firstIndex(of: "@") { rest = rest[..<flag] }
        guard let partial = dialect == .java ? Self.feature(rest) : PartialVersion(rest) else {
            throw VersionSyntaxError(description: "'\(text)' is no version")
        }
        (self.name, self.partial, self.dialect, self.text) = (name, partial, dialect, text)
    }

    /// The feature number of a Java version, which was the second one up to `1.8`.
    private static func feature(_ text: Substring) -> PartialVersion? {
        let numbers = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let version = Version(numbers) else { return PartialVersion(text) }
        return PartialVersion(Version([version[0] == 1 ? version[1] : version[0]]))
    }

    func bounds() throws(VersionSyntaxError) -> [VersionRange.Bound] {
        guard partial.count > 0 else { return try anything() }
        switch name {
        case "": return bare
        case "=", "==", "===": return exactly
        case "!=": return [different]
        case ">", "<", ">=", "<=": return comparison
        case "^": return caret
        case "^>=" where dialect == .pvp: return up(to: 1)
        case "~": return dialect.tildeIsPessimistic ? pessimistic : tilde
        case "~>", "~=":
            // `~=2` has nothing to hold fast (PEP 440, "Compatible release").
            guard name == "~>" || partial.count > 1 else { break }
            return dialect == .npm ? tilde : pessimistic
        default: break
        }
        throw VersionSyntaxError(description: "'\(text)' is no bound")
    }

    /// `*`, `>=*`: everything; `<*` and `>*` are nothing.
    private func anything() throws(VersionSyntaxError) -> [Bound] {
        switch name {
        case "<", ">", "!=": [.compare(.less, Version([0, 0, 0], prerelease: [.number(0)]))]
        default: []
        }
    }

    private var version: Version { partial.version.padded() }

    /// From the version on, before the next one at `place`.
    private func up(to place: Int) -> [Bound] {
        [.compare(.atLeast, version), .compare(.less, partial.version.next(at: place))]
    }

    private var bare: [Bound] {
        switch dialect.bare {
        case .prefix: exactly
        case .caret: partial.isWildcard ? exactly : caret
        case .atLeast: [.compare(.atLeast, version)]
        case .sameMinor: up(to: min(1, partial.count - 1))
        }
    }

    /// The version, or all that begin with it where its end is open.
    private var exactly: [Bound] {
        let isOpen = partial.isWildcard || (partial.count < 3 && !partial.version.isPrerelease && !isExactPEP440)
        return isOpen ? up(to: partial.count - 1) : [.compare(.equal, partial.version)]
    }

    /// `==3.11` is 3.11.0 and nothing else by PEP 440; who writes that for an interpreter means 3.11.*, so it counts as that. `===` is literal.
    private var isExactPEP440: Bool { name == "===" }

    private var different: Bound {
        guard partial.isWildcard else { return .compare(.notEqual, version) }
        return .outside(version, partial.version.next(at: partial.count - 1))
    }

    /// Bounds of open versions count all that begin with them as one: `>1.2` begins at 1.3, `<=1.2` ends before it.
    private var comparison: [Bound] {
        let countsAsOne = partial.isWildcard || (dialect == .npm || dialect == .cargo) && partial.count < 3
        let next = partial.version.next(at: partial.count - 1)
        switch name {
        case ">": return [countsAsOne ? .compare(.atLeast, next) : .compare(.more, version)]
        case "<=": return [countsAsOne ? .compare(.less, next) : .compare(.atMost, version)]
        case "<": return [.compare(.less, version)]
        default: return [.compare(.atLeast, version)]
        }
    }

    /// Up to the next change of the first number that is not 0.
    private var caret: [Bound] {
        let place = (0..<partial.count).first { partial.version[$0] != 0 } ?? partial.count - 1
        return up(to: min(place, 2))
    }

    /// Up to the next minor version, or major one where no minor is written.
    private var tilde: [Bound] { up(to: min(1, partial.count - 1)) }

    /// Up to the next change of the number before the last one that is written.
    private var pessimistic: [Bound] { up(to: max(0, partial.count - 2)) }
}
