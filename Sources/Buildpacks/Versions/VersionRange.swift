/// A set of versions, whatever language it was written in: alternatives, each of bounds that all have to hold.
struct VersionRange: Sendable, Hashable {
    enum Relation: String, Sendable, Hashable {
        case less = "<"
        case atMost = "<="
        case more = ">"
        case atLeast = ">="
        case equal = "="
        case notEqual = "!="
    }

    enum Bound: Sendable, Hashable {
        case compare(Relation, Version)
        /// Not from the first on and before the second: `!=3.9.*`.
        case outside(Version, Version)
    }

    /// When prereleases belong to it.
    enum Prereleases: Sendable, Hashable {
        /// Only those of a release whose prerelease a bound names (node-semver, "Prerelease Tags"; cargo).
        case ofNamedReleases
        /// If any bound names one (PEP 440, RubyGems, Composer's stability).
        case ifNamed
    }

    /// No alternatives are no versions; an alternative without bounds is all of them.
    var alternatives: [[Bound]]
    var prereleases: Prereleases

    /// Everything that is released.
    static let any = VersionRange(alternatives: [[]], prereleases: .ofNamedReleases)

    func contains(_ version: Version) -> Bool {
        alternatives.contains { bounds in
            bounds.allSatisfy { $0.allows(version) } && (!version.isPrerelease || admitsPrerelease(version, bounds))
        }
    }

    private func admitsPrerelease(_ version: Version, _ bounds: [Bound]) -> Bool {
        let named = bounds.flatMap(\.versions).filter(\.isPrerelease)
        switch prereleases {
        case .ifNamed: return !named.isEmpty
        case .ofNamedReleases: return named.contains { $0.padded().components == version.padded().components }
        }
    }
}

extension VersionRange.Bound {
    func allows(_ version: Version) -> Bool {
        switch self {
        case .compare(.less, let bound): version < bound
        case .compare(.atMost, let bound): version <= bound
        case .compare(.more, let bound): version > bound
        case .compare(.atLeast, let bound): version >= bound
        case .compare(.equal, let bound): version == bound
        case .compare(.notEqual, let bound): version != bound
        case .outside(let first, let end): version < first || version >= end
        }
    }

    /// The versions that it names.
    var versions: [Version] {
        switch self {
        case .compare(_, let version): [version]
        case .outside(let first, let end): [first, end]
        }
    }
}

extension VersionRange: CustomStringConvertible {
    var description: String {
        guard !alternatives.isEmpty else { return "nothing" }
        return alternatives.map { bounds in
            bounds.isEmpty ? "*" : bounds.map(\.description).joined(separator: " ")
        }.joined(separator: " || ")
    }
}

extension VersionRange.Bound: CustomStringConvertible {
    var description: String {
        switch self {
        case .compare(let relation, let version): relation.rawValue + version.description
        case .outside(let first, let end): "!(>=\(first) <\(end))"
        }
    }
}
