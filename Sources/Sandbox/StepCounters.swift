/// What the control groups counted, in the words of either version of the kernel's interface.
struct StepCounters: Sendable, Equatable {
    var peakMemoryBytes: Int64 = 0
    /// How often the kernel ended a process because the step's memory was used up.
    var memoryKills: Int64 = 0
    /// How often a process could not be made.
    var processRefusals: Int64 = 0
    var processorNanoseconds: Int64 = 0

    /// Adds what one file has. Of a counter of several groups, one below the other, the largest counts.
    ///
    /// - Parameters:
    ///   - file: the counter's path.
    ///   - text: a number, or lines of a name and a number.
    mutating func add(file: String, text: String) {
        let values = Self.values(text)
        switch file.split(separator: "/").last {
        case "memory.max_usage_in_bytes", "memory.peak": peakMemoryBytes = max(peakMemoryBytes, values[""] ?? 0)
        case "memory.oom_control", "memory.events": memoryKills = max(memoryKills, values["oom_kill"] ?? 0)
        case "pids.events": processRefusals = max(processRefusals, values["max"] ?? 0)
        case "cpuacct.usage": processorNanoseconds = max(processorNanoseconds, values[""] ?? 0)
        case "cpu.stat": processorNanoseconds = max(processorNanoseconds, (values["usage_usec"] ?? 0) * 1000)
        default: break
        }
    }

    private static func values(_ text: String) -> [String: Int64] {
        var values: [String: Int64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let number = words.last.flatMap({ Int64($0) }) else { continue }
            values[words.count > 1 ? String(words[0]) : ""] = number
        }
        return values
    }
}
