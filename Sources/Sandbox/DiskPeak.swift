internal import BuildModel
internal import Glibc

/// The most that a step's disk was seen to hold: bytes, and files, for which a file system has room of its own.
struct DiskPeak: Sendable, Equatable {
    /// Bytes.
    var used: Int64 = 0
    var free: Int64 = .max
    /// How many files there may be, and how many more.
    var files: Int64 = 0
    var freeFiles: Int64 = .max

    /// How long a disk at its fastest takes to fill, within bounds: looks that far apart miss little.
    var pause: Duration { .milliseconds(max(2, min(100, free >> 21, freeFiles >> 8))) }

    mutating func add(_ other: DiskPeak) {
        used = max(used, other.used)
        free = min(free, other.free)
        files = max(files, other.files)
        freeFiles = min(freeFiles, other.freeFiles)
    }
}

extension StepReport {
    mutating func take(_ message: HelperMessage) {
        switch message {
        case .ready: break
        case .started: isStarted = true
        case .usage(let bytes): peak.add(DiskPeak(used: bytes))
        case .full: isDiskFull = true
        case .unmeasured(let text): obstacle = text
        case .trouble(let text): trouble = text
        case .failed(let text): failure = text
        case .count(let file, let text): counters.add(file: file, text: text)
        case .exit(let code): status = code
        }
    }

    /// A disk that is nearly full was full: file systems keep a little, and programs remove what they could not finish.
    mutating func noteDisk(bounds: StepBounds, isMentioned: Bool) {
        if let usage = changes?.usage() { peak.add(usage) }
        // File systems keep a few for themselves.
        isOutOfFiles = peak.freeFiles < 16
        let isFull = peak.free < max(65536, bounds.diskBytes / 256)
        // Between two looks a program may have filled the disk, said so, and removed what it wrote. Its word alone means nothing:
        // other disks than this one are full at times.
        isDiskFull = isFull || (isMentioned && peak.used > bounds.diskBytes / 4 * 3)
    }

    /// Without a disk, no file may become longer than all of them together. The kernel then ends the program, or tells it, which says
    /// so and may remove the file; either way the step ends in whatever way it likes.
    mutating func noteFiles(bounds: StepBounds, isMentioned: Bool) {
        let isLong = status == 128 + SIGXFSZ || (isMentioned && peak.used > bounds.diskBytes / 4 * 3)
        if isLong { isDiskFull = true }
        isFileLimitMentioned = isMentioned
    }
}
