extension FieldReader {
    private static let limitNames = ["memoryMiB", "processes", "processors", "diskMiB", "seconds", "outputMiB"]

    /// Limits of steps: an object with the names, units and ranges that rules and `slipway.yaml` have. One that is not known is
    /// refused, for a limit that is misspelt would be none.
    func stepLimits(_ name: String) throws(BuildFailure) -> StepLimits {
        guard let limits = try object(name) else { return StepLimits() }
        if let other = limits.members.keys.sorted().first(where: { !Self.limitNames.contains($0) }) {
            let known = Self.limitNames.joined(separator: ", ")
            throw Self.invalid("\(name).\(other.prefix(64))", "is not known; known here are \(known)")
        }
        let memory = try limits.integer("memoryMiB", in: 16...1 << 24)
        let disk = try limits.integer("diskMiB", in: 1...1 << 24)
        let output = try limits.integer("outputMiB", in: 1...1024)
        return StepLimits(
            memoryBytes: memory.map { Int64($0) << 20 },
            processes: try limits.integer("processes", in: 1...1_000_000),
            processors: try limits.integer("processors", in: 1...1024).map { Double($0) },
            diskBytes: disk.map { Int64($0) << 20 },
            seconds: try limits.integer("seconds", in: 1...86_400),
            outputBytes: output.map { Int64($0) << 20 }
        )
    }
}
