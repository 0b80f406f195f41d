/// What is taken where the index ends before what an app asks for, or begins after it.
extension VersionResolution {
    /// The first version of a range that begins where the index ends, as an index that has grown old does: in a cycle that is known, in
    /// the newest major version, or in one of the next three, which is what tools bring in the years that an index may lie about.
    func first(of range: VersionRange) -> Version? {
        let first = range.alternatives.flatMap { $0 }.compactMap { bound in
            if case .compare(.atLeast, let version) = bound { version } else { nil }
        }.max()
        guard let first, let newest = releases.versions.first, !first.isPrerelease, range.contains(first) else {
            return nil
        }
        let known = releases.cycle(of: first)?.versions.first
        guard known.map({ first > $0 }) ?? (first > newest && first[0] <= newest[0] + 3) else { return nil }
        // As many numbers as a first release has.
        let count = releases.cycles.first?.versions.last?.components.count ?? 3
        return Version((0..<max(count, first.significantCount)).map { first[$0] })
    }

    /// The newest of a cycle for releases of which no image is left.
    func standIn(for range: VersionRange) -> ResolvedVersion? {
        let asked = range.alternatives.flatMap { $0 }.compactMap { bound in
            switch bound {
            case .compare(.atLeast, let version), .compare(.equal, let version), .compare(.more, let version): version
            default: nil
            }
        }.max()
        guard let asked, let cycle = releases.cycle(of: asked), cycle.standsIn,
            let oldest = cycle.versions.last, let newest = cycle.versions.first, asked < oldest
        else { return nil }
        return result(
            newest,
            source: request?.source ?? "default",
            warnings: [
                "\(place)There is no image of \(releases.tool) '\(text)'; \(newest), the last of its line, is taken."
            ]
        )
    }

    /// What a go line asks for is the least that is needed; where that is older than what there is, any later one builds it.
    func later() -> ResolvedVersion? { later("is older than what there is") }

    /// The same where the minor version of a go line has ended, and one that is supported is there.
    func supported(insteadOf version: Version) -> ResolvedVersion? {
        guard let cycle = releases.cycle(of: version), let day = cycle.endOfLife,
            releases.hasEnded(cycle, by: today), !releases.isOld(by: today)
        else { return nil }
        return later("has had no fixes since \(day)")
    }

    private func later(_ reason: String) -> ResolvedVersion? {
        guard let request, request.dialect == .go,
            let range = try? VersionRange(parsing: text, dialect: .minimum),
            let version = releases.ranked(on: today).first(where: range.contains)
        else { return nil }
        return result(
            version,
            source: request.source,
            warnings: ["\(place)\(releases.tool) \(text) \(reason); \(version) is taken, which builds it."]
        )
    }
}
