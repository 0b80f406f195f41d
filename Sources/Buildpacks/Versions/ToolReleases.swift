/// What is known of a tool's releases: one file of the version index.
struct ToolReleases: Sendable, Hashable {
    /// Releases that are maintained together.
    struct Cycle: Sendable, Hashable {
        /// The beginning that its versions share, such as `22` or `3.13`.
        var name: String
        /// The day, `YYYY-MM-DD`, from which nobody mends it; nil if none is set.
        var endOfLife: String?
        /// Newest first.
        var versions: [Version]
    }

    var tool: String
    /// The day of the lists that the file was made from; what ended before it counts as ended.
    var updated: String
    /// What is taken where nothing asks for a version, and wherever it is among those asked for: apps that share a version share layers.
    var standard: Version
    /// Names that stand for a version or the beginning of one: `lts/*`, `lts/iron`, `stable`.
    var aliases: [String: String]
    /// Newest first.
    var cycles: [Cycle]

    /// All versions, newest first.
    var versions: [Version] { cycles.flatMap(\.versions) }

    /// The cycle whose name a version begins with.
    func cycle(of version: Version) -> Cycle? {
        cycles.first { cycle in
            guard let start = Version(cycle.name) else { return false }
            return start.components.indices.allSatisfy { start[$0] == version[$0] }
        }
    }

    /// Whether support for a version had ended on a day, or on the day that the file is of.
    func hasEnded(_ cycle: Cycle, by day: String? = nil) -> Bool {
        cycle.endOfLife.map { $0 <= max(updated, day ?? updated) } ?? false
    }
}
