internal import BuildModel

extension VersionIndex {
    /// The exact version to take of a tool.
    ///
    /// What an app was last built with stays, as long as it is among those asked for. Else, of those that are supported on the day
    /// of the build, the index's default is taken if it is among them, then the newest that is mended for the long term, then what is
    /// nearest to the default; and only where none of them is supported, the one that was mended the longest. An exact version of a known cycle is
    /// taken as it is written even if the index does not have it, because indexes grow old.
    ///
    /// - Parameters:
    ///   - pinned: the version that the app was last built with.
    ///   - today: the day of the build, `YYYY-MM-DD`; nil for the index's own. What has ended by then is taken last, with a warning.
    /// - Throws: `BuildFailure`, the code's fault: `invalid_version` for a text that is no set of versions, `version_not_available`
    ///   for one with nothing in it; both say where it stands.
    func resolve(
        _ tool: String,
        request: VersionRequest? = nil,
        pinned: Version? = nil,
        today: String? = nil
    ) throws(BuildFailure) -> ResolvedVersion {
        guard let releases = tools[tool] else {
            throw BuildFailure(
                .platform,
                .invalidRule,
                operation: "versions.resolve",
                message: "The version index has no file for '\(tool)', which a rule asks for."
            )
        }
        return try VersionResolution(releases: releases, request: request, pinned: pinned, today: today).resolved()
    }
}

/// One look into a tool's releases.
struct VersionResolution {
    let releases: ToolReleases
    let request: VersionRequest?
    let pinned: Version?
    let today: String?

    func resolved() throws(BuildFailure) -> ResolvedVersion {
        let range = try range()
        if let pinned, range.contains(pinned) { return result(pinned, source: "pin") }
        let source = request?.source ?? "default"
        if let version = releases.ranked(on: today).first(where: range.contains) {
            return supported(insteadOf: version) ?? result(version, source: source)
        }
        if let version = standIn(for: range) { return version }
        if let version = asWritten ?? first(of: range) {
            return result(
                version,
                source: source,
                warnings: ["\(place)\(version) is not in the version index and is taken as written."]
            )
        }
        if let version = later() { return version }
        throw unavailable(range)
    }

    var place: String { request.map { "\($0.source): " } ?? "" }

    /// The request's text with names replaced by what they stand for.
    var text: String {
        let text = (request?.text ?? "").lowercased().filter { !$0.isNewline }
        return releases.aliases[text] ?? text
    }

    private func range() throws(BuildFailure) -> VersionRange {
        guard let request else { return .any }
        if ["latest", "newest", "current"].contains(text) {
            return exactly(releases.versions.first ?? releases.standard)
        }
        do {
            return try range(of: request)
        } catch {
            throw BuildFailure.plan(
                .invalidVersion,
                "\(place)'\(request.text.prefix(80))' says which \(releases.tool) is wanted, but \(error.description)."
            )
        }
    }

    private func range(of request: VersionRequest) throws(VersionSyntaxError) -> VersionRange {
        guard request.rollForward != nil else { return try VersionRange(parsing: text, dialect: request.dialect) }
        guard let version = Version(text) else { throw VersionSyntaxError(description: "'\(text)' is no version") }
        return try VersionRange.dotnetSDK(version, rollForward: request.rollForward)
    }

    private func exactly(_ version: Version) -> VersionRange {
        VersionRange(alternatives: [[.compare(.equal, version)]], prereleases: .ifNamed)
    }

    /// A whole version of a cycle that is known, or of one that is newer than all.
    private var asWritten: Version? {
        guard let partial = PartialVersion(text), !partial.isWildcard, partial.count >= 3 else { return nil }
        let isNewer = releases.versions.first.map { partial.version > $0 } ?? false
        return isNewer || releases.cycle(of: partial.version) != nil ? partial.version : nil
    }

    func result(_ version: Version, source: String, warnings: [String] = []) -> ResolvedVersion {
        let cycle = releases.cycle(of: version)
        return ResolvedVersion(
            tool: releases.tool,
            version: version,
            request: request?.text,
            source: source,
            endOfLife: cycle?.endOfLife,
            warnings: warnings + (cycle.flatMap { warning(of: $0, version) }.map { [$0] } ?? [])
        )
    }

    private func warning(of cycle: ToolReleases.Cycle, _ version: Version) -> String? {
        guard releases.hasEnded(cycle, by: today), let day = cycle.endOfLife else { return nil }
        let what = "\(place)\(releases.tool) \(version) has had no fixes since \(day)"
        guard releases.isOld(by: today) else { return "\(what); move to a newer version." }
        return "\(what), and the version index of \(releases.updated) knows no \(releases.tool) that has: the operator "
            + "refreshes it with scripts/version-index."
    }

    private func unavailable(_ range: VersionRange) -> BuildFailure {
        let newest = releases.cycles.prefix(6).compactMap(\.versions.first).map(\.description).joined(separator: ", ")
        return .plan(
            .versionNotAvailable,
            "\(place)no \(releases.tool) is within '\(request?.text.prefix(80) ?? "")' (\(range)). There are \(newest) and older "
                + "ones, as of \(releases.updated). Ask for one of them, or have the version index refreshed."
        )
    }
}

extension BuildFailure.Code {
    /// A text that should say which version of a tool is wanted says nothing that can be understood.
    static let invalidVersion = Self(rawValue: "invalid_version")
    /// No version of a tool is what the source asks for.
    static let versionNotAvailable = Self(rawValue: "version_not_available")
}
