internal import BuildModel

/// All that is known of a step that has ended.
struct StepReport: Sendable {
    /// Why this side ended it.
    enum Interruption: Sendable, Equatable {
        case timeLimit, cancelled
        /// The sandbox was not there in time.
        case notReady(after: Duration)
        /// A cache has more than `limit` bytes.
        case cacheFull(name: String, limit: Int64)
        /// The node's own disk has no more than that left, such as `901 MiB`.
        case nodeFull(String)
    }

    /// 128 and the signal's number where one ended it; nil if the helper vanished.
    var status: Int32?
    var counters = StepCounters()
    var changes: StepChanges?
    /// The most bytes that the disk was seen to hold.
    var peak = DiskPeak()
    /// Bytes.
    var peakDiskBytes: Int64 { peak.used }
    /// Whether the disk was seen full, or the step said so.
    var isDiskFull = false
    /// Why it could not be told what the step, which has no disk, has written.
    var obstacle: String?
    /// Whether the disk was seen without room for more files.
    var isOutOfFiles = false
    /// Whether the step, which has no disk, said that a file is too long.
    var isFileLimitMentioned = false
    /// Whether the runtime got as far as starting the command.
    var isStarted = false
    /// The runtime's own words.
    var trouble: String?
    var failure: String?
    var interruption: Interruption?
    var egress = EgressCounts()
    /// Destinations that the proxy refused, the first few.
    var refusedDestinations: [String] = []
}
