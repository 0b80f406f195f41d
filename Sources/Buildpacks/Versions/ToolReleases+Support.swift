/// What is supported on a day, `YYYY-MM-DD`: that of a build, or nil for the day that the file is of. What had ended by the file's own
/// day has ended whatever day is asked for.
extension ToolReleases {
    /// Whether support for a cycle had ended.
    func hasEnded(_ cycle: Cycle, by day: String?) -> Bool {
        cycle.endOfLife.map { $0 <= asked(day) } ?? false
    }

    /// Whether all that the file knows has ended: then it is old, for there is something newer.
    func isOld(by day: String?) -> Bool { cycles.allSatisfy { hasEnded($0, by: day) } }

    /// All versions, in the order in which they are taken where several will do: the default while it is supported, then what is
    /// supported: for the long term, the newest first; then what is newer than the default, the nearest first, since packages are made for
    /// what has been out for a while; then what is older. Last what has ended, by how long it was mended. Of a cycle the newest is first,
    /// and where the default has ended so are cycles.
    func ranked(on day: String?) -> [Version] {
        let standardHasEnded = cycle(of: standard).map { hasEnded($0, by: day) } ?? false
        let supported = cycles.filter { !hasEnded($0, by: day) }
        let lasting = supported.filter { isLongTerm($0, on: day) }
        let others = supported.filter { !isLongTerm($0, on: day) }
        let newer = standardHasEnded ? [] : others.filter { ($0.versions.first ?? standard) > standard }
        // The order of equals is not kept by itself: of those that ended together the newest is first.
        let ended = cycles.enumerated().filter { hasEnded($0.element, by: day) }.sorted { one, other in
            let (end, otherEnd) = (one.element.endOfLife ?? "", other.element.endOfLife ?? "")
            return end == otherEnd ? one.offset < other.offset : end > otherEnd
        }
        return (standardHasEnded ? [] : [standard])
            + (lasting + newer.reversed() + others.filter { !newer.contains($0) } + ended.map(\.element))
            .flatMap(\.versions)
    }

    private func isLongTerm(_ cycle: Cycle, on day: String?) -> Bool {
        cycle.longTerm.map { $0 <= asked(day) } ?? false
    }

    private func asked(_ day: String?) -> String { max(updated, day ?? updated) }
}
