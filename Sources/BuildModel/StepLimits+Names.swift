extension StepLimits {
    /// What limits are called in requests, rules and `slipway.yaml`.
    package static let names = ["memoryMiB", "processes", "processors", "diskMiB", "seconds", "outputMiB"]

    /// Limits as they are written there.
    ///
    /// - Parameter number: gives the whole number of a name, which has to be in the range; nil where nothing is said.
    /// - Throws: what `number` throws.
    package init(
        reading number: (_ name: String, _ range: ClosedRange<Int>) throws(BuildFailure) -> Int?
    ) throws(BuildFailure) {
        let memory = try number("memoryMiB", 16...1 << 24)
        let disk = try number("diskMiB", 1...1 << 24)
        let output = try number("outputMiB", 1...1024)
        self.init(
            memoryBytes: memory.map { Int64($0) << 20 },
            processes: try number("processes", 1...1_000_000),
            processors: try number("processors", 1...1024).map { Double($0) },
            diskBytes: disk.map { Int64($0) << 20 },
            seconds: try number("seconds", 1...86_400),
            outputBytes: output.map { Int64($0) << 20 }
        )
    }
}
