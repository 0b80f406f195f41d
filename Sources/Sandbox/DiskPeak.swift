internal import BuildModel

/// The most that a step's disk was seen to hold.
struct DiskPeak: Sendable, Equatable {
    var used: Int64 = 0
    var free: Int64 = .max

    mutating func add(_ other: DiskPeak) {
        used = max(used, other.used)
        free = min(free, other.free)
    }
}

extension StepReport {
    mutating func take(_ message: HelperMessage) {
        switch message {
        case .ready: break
        case .trouble(let text): trouble = text
        case .failed(let text): failure = text
        case .count(let file, let text): counters.add(file: file, text: text)
        case .exit(let code): status = code
        }
    }

    /// A disk that is nearly full was full: file systems keep a little, and programs remove what they could not finish.
    mutating func noteDisk(bounds: StepBounds, isMentioned: Bool) {
        if let usage = changes?.usage() { peak.add(DiskPeak(used: usage.used, free: usage.free)) }
        let isFull = peak.free < max(65536, bounds.diskBytes / 256)
        // Between two looks a program may have filled the disk, said so, and removed what it wrote.
        isDiskFull = isFull || isMentioned
    }
}
