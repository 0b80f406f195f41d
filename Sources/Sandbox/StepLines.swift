internal import BuildModel
internal import Platform

/// Makes lines of a step's output and writes them to the build's log, bounded, without secrets, with the step's name before them.
///
/// `@unchecked Sendable` is sound: its session's queue is the only caller, until `end`.
final class StepLines: @unchecked Sendable {
    private let log: any BuildLog
    private let name: String
    private let secrets: SecretMask
    private let lineLimit: Int
    private let limit: Int
    private let limitName: String
    private var rest: [UInt8] = []
    private var kept = 0
    private var dropped = 0
    /// Whether a line said that the disk is full.
    private(set) var mentionsFullDisk = false
    /// Whether a line said that a file is too long.
    private(set) var mentionsLongFile = false

    /// - Parameters:
    ///   - name: stands before every line.
    ///   - secrets: are not shown.
    ///   - limitName: whose limit it is, for the log.
    init(
        _ log: any BuildLog,
        name: String,
        secrets: [Redacted<String>],
        lineLimit: Int,
        limit: Int,
        limitName: String
    ) {
        self.log = log
        self.name = name
        self.secrets = SecretMask(secrets)
        self.lineLimit = lineLimit
        self.limit = limit
        self.limitName = limitName
    }

    /// How often something was added.
    private(set) var additions = 0
    /// Whether a line has begun and not ended.
    var isLineOpen: Bool { !rest.isEmpty }

    /// Shows what there is of a line that has not ended: dots, or a question.
    func showOpenLine() { if isLineOpen, !secrets.mayBegin(atEndOf: rest) { flush() } }

    func add(_ bytes: ArraySlice<UInt8>) {
        additions += 1
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: 10) ?? bytes.endIndex
            let room = max(0, 4 * lineLimit - rest.count)
            rest += bytes[start..<min(end, start + room)]
            guard end < bytes.endIndex else { return }
            flush()
            start = end + 1
        }
    }

    /// Writes what came after the last line's end, and says how much was dropped.
    func end() {
        if !rest.isEmpty { flush() }
        guard dropped > 0 else { return }
        log.say(
            "\(name): \(ByteSize.text(dropped)) more of output were dropped: \(limitName) is \(ByteSize.text(limit))."
        )
    }

    /// What programs say when the kernel lets a file become no longer: signal(7), errno(3).
    private static let longFile = ["File too large", "EFBIG", "File size limit exceeded"]

    private func flush() {
        // Progress bars go back to the line's start; what they showed last is the line.
        let line = rest.last == 13 ? rest.dropLast() : rest[...]
        let shown = line[((line.lastIndex(of: 13) ?? line.startIndex - 1) + 1)...]
        defer { rest.removeAll(keepingCapacity: true) }
        guard kept + shown.count <= limit else {
            dropped += shown.count
            return
        }
        kept += shown.count + 1
        let text = String(decoding: secrets.masked(shown), as: UTF8.self)
        if text.contains("No space left on device") || text.contains("ENOSPC") { mentionsFullDisk = true }
        if Self.longFile.contains(where: text.contains) { mentionsLongFile = true }
        log.write("\(name): \(bounded(text))", stream: .stdout, phase: nil)
    }

    private func bounded(_ text: String) -> String {
        guard text.utf8.count > lineLimit else { return text }
        let bytes = text.utf8.prefix(lineLimit)
        return String(decoding: bytes, as: UTF8.self) + "… (a line of more than \(ByteSize.text(lineLimit)))"
    }
}

/// Sizes of memory and disks for people, in powers of two as limits are given.
enum ByteSize {
    /// `812 B`, `3.4 MiB`, `512 MiB`.
    static func text(_ bytes: some BinaryInteger) -> String {
        var value = Double(bytes)
        var unit = 0
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while value >= 1024 && unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        let tenths = Int64((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
