package import BuildModel
internal import Synchronization

/// A file of short texts that is only appended to, by any number of processes, and survives the death of any of them.
///
/// Each text is a line with a checksum in front. A line that was torn, overwritten or damaged is not seen again, and takes no
/// other with it. Nothing is synced: after a loss of power the last lines may be missing, so it is for what can be found out
/// again. When the file has grown past its limit, the newer half of it takes its place.
package final class Journal: Sendable {
    private struct State {
        var file: JournalFile?
        var position: Int64 = 0
    }

    private static let lineEnd = UInt8(ascii: "\n")

    private let path: String
    private let limit: Int64
    private let patience: Duration
    private let state = Mutex(State())
    private let writer = BlockingPool(label: "slipway.journal", width: 1)

    /// - Parameters:
    ///   - path: the file, made at first use in a directory that exists.
    ///   - limit: bytes at which the file is shortened.
    ///   - patience: how long those who write may take. That is microseconds; one that was stopped meanwhile is not waited for.
    package init(path: String, limit: Int64, patience: Duration = .seconds(2)) {
        self.path = path
        self.limit = limit
        self.patience = patience
    }

    /// The whole texts that were appended since the last call, by whomever. After the file was shortened, all that it holds.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path.
    package func newTexts() throws(BuildFailure) -> [String] {
        try state.withLock { (state) throws(BuildFailure) in
            let file: JournalFile
            if let open = state.file, open.isCurrent {
                file = open
            } else {
                file = try JournalFile(path)
                state = State(file: file)
            }
            let bytes = try file.bytes(from: state.position)
            guard let end = bytes.lastIndex(of: Self.lineEnd) else { return [] }
            state.position += Int64(end + 1)
            return bytes[...end].split(separator: Self.lineEnd).compactMap(JournalLine.text)
        }
    }

    /// Appends a text of one line on a thread of its own.
    ///
    /// - Throws: as when it blocks.
    package func append(_ text: String) async throws {
        try await writer.run { try self.append(text) }
    }

    /// Appends a text of one line. Blocks while others write, for as long as its patience lasts.
    ///
    /// - Throws: `BuildFailure` with code `system` that names the path; retryable when the disk is full.
    package func append(_ text: String) throws(BuildFailure) {
        let file = try JournalFile.locked(path, within: patience)
        defer { file.unlock() }
        let size = try file.size()
        // Whoever died while it wrote left half a line, which ends here.
        let last = try file.bytes(from: max(0, size - 1)).last ?? Self.lineEnd
        let isTorn = last != Self.lineEnd
        try file.append((isTorn ? [Self.lineEnd] : []) + JournalLine.bytes(text) + [Self.lineEnd])
        if size > limit { try shorten(file) }
    }

    private func shorten(_ file: JournalFile) throws(BuildFailure) {
        let bytes = try file.bytes(from: 0)
        let half = bytes[(bytes.count / 2)...]
        guard let start = half.firstIndex(of: Self.lineEnd) else { return }
        try Files.writeAtomically(Array(bytes[(start + 1)...]), to: path, mode: 0o600)
    }
}

/// A line of a journal: 16 hexadecimal digits of the text's sha256, a space, the text.
enum JournalLine {
    private static let checksumDigits = 16

    static func bytes(_ text: String) -> [UInt8] { Array("\(checksum(of: text)) \(text)".utf8) }

    /// The text of a line; nil if it is not what was written.
    static func text(_ line: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: line.dropFirst(checksumDigits + 1), as: UTF8.self)
        return bytes(text).elementsEqual(line) ? text : nil
    }

    private static func checksum(of text: String) -> Substring { Digest(of: text).hex.prefix(checksumDigits) }
}
