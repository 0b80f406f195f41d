package import BuildModel
internal import Platform
internal import RedisTransport

/// A line of a build's log as it is stored.
package struct LogEntry: Sendable, Hashable {
    /// The entry's number, from 1; reading resumes at the next.
    package var sequence: Int64
    /// How many entries between the one before and this one are missing, because limits dropped them.
    package var missing: Int64
    /// Which attempt wrote it.
    package var attempt: Int
    package var line: LogLine
}

extension LogEntry {
    /// Reads a stream entry.
    ///
    /// - Parameter cursor: the number of the entry before.
    /// - Throws: `BuildFailure` with code `corrupted` if the stream is not one of ours.
    init(_ value: RedisValue, after cursor: Int64) throws(BuildFailure) {
        let fields = value[1]?.pairs ?? [:]
        let number = value[0]?.text?.split(separator: "-").first.flatMap { Int64($0) }
        guard let number, let text = fields["text"]?.text, let time = fields["time"]?.integer else {
            throw BuildFailure(
                .platform,
                .corrupted,
                operation: "queue.logs",
                message: "The log has an entry that Slipway did not write.",
                cause: value[0]?.text
            )
        }
        let line = LogLine(
            stream: fields["stream"]?.text.flatMap(LogLine.Stream.init(rawValue:)) ?? .system,
            phase: fields["phase"]?.text.flatMap(BuildPhase.init(rawValue:)),
            text: text,
            time: time
        )
        let attempt = Int(fields["attempt"]?.integer ?? 0)
        self.init(sequence: number, missing: number - cursor - 1, attempt: attempt, line: line)
    }

    /// The entry as `slipway logs -o ndjson` prints it.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "sequence": .integer(sequence),
            "time": .string(Timestamp.text(milliseconds: line.time)),
            "stream": .string(line.stream.rawValue),
            "attempt": .integer(Int64(attempt)),
            "text": .string(line.text),
        ]
        if let phase = line.phase { members["phase"] = .string(phase.rawValue) }
        if missing > 0 { members["missing"] = .integer(missing) }
        return .object(members)
    }
}
