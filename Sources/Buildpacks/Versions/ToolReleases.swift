/// What is known of a tool's releases: one file of the version index.
struct ToolReleases: Sendable, Hashable {
    /// Releases that are maintained together.
    struct Cycle: Sendable, Hashable {
        /// The beginning that its versions share, such as `22` or `3.13`.
        var name: String
        /// The day, `YYYY-MM-DD`, from which nobody mends it; nil if none is set.
        var endOfLife: String?
        /// The day from which it is one for the long term, in ecosystems that tell such cycles from others; nil for the others.
        var longTerm: String?
        /// Newest first.
        var versions: [Version]
        /// Whether for what is older than all of these the newest stands in, as no image is left of it.
        var standsIn = false
    }

    var tool: String
    /// The day of the lists that the file was made from; what ended before it counts as ended.
    var updated: String
    /// What is taken while it is supported, where nothing asks for a version, and wherever it is among those asked for: apps that
    /// share a version share layers.
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

}
