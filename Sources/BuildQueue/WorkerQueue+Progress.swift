package import BuildModel
internal import RedisTransport

/// What became of log lines.
package struct LogReceipt: Sendable, Hashable {
    /// The ordinal of the last line taken within the lease: the next call starts one higher.
    package var taken: Int64
    /// The sequence number of the build's last log entry.
    package var sequence: Int64
    /// Lines that limits have dropped from the whole log so far.
    package var dropped: Int64
}

extension WorkerQueue {
    /// Says that a phase begins; from `deploying` on the build's state is DEPLOYING.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost`.
    package func setPhase(_ lease: Lease, _ phase: BuildPhase) async throws {
        _ = try await caller.call(
            "advance",
            lease.words + [RedisArgument(phase.rawValue)],
            within: settings.callLimit
        )
    }

    /// Appends lines to the build's log.
    ///
    /// - Parameters:
    ///   - ordinal: the number of the first line within this lease, from 1. A repeat of lines that were taken is skipped; a
    ///     jump says that lines in between are lost, and the log says so too.
    ///   - lines: any number; they go in calls of at most 500 lines and about 1 MiB.
    /// - Throws: `BuildFailure`: `lease_lost`, or `redis_out_of_memory`, after which some of the lines may have been taken.
    @discardableResult
    package func appendLog(_ lease: Lease, from ordinal: Int64, _ lines: [LogLine]) async throws -> LogReceipt {
        var receipt = LogReceipt(taken: ordinal - 1, sequence: 0, dropped: 0)
        var batch: [RedisArgument] = []
        var size = 0
        var first = ordinal
        for (index, line) in lines.enumerated() {
            let words = words(of: line)
            batch += words
            size += words.reduce(0) { $0 + $1.bytes.count }
            guard batch.count >= 2000 || size >= 1 << 20 || index == lines.count - 1 else { continue }
            receipt = try await append(lease, first, batch)
            first = ordinal + Int64(index) + 1
            (batch, size) = ([], 0)
        }
        return receipt
    }

    private func append(_ lease: Lease, _ first: Int64, _ lines: [RedisArgument]) async throws -> LogReceipt {
        let limits = settings.logLimits
        let numbers = [limits.headLines, limits.headBytes, limits.tailLines, limits.tailBytes]
        let head = lease.words + [RedisArgument(first)] + numbers.map { RedisArgument($0) }
        let reply = try await caller.call("log", head + lines, within: settings.callLimit)
        guard let sequence = reply[0]?.integer, let taken = reply[1]?.integer, let dropped = reply[2]?.integer else {
            throw FunctionCaller.unexpected(reply, "queue.log")
        }
        return LogReceipt(taken: taken, sequence: sequence, dropped: dropped)
    }

    private func words(of line: LogLine) -> [RedisArgument] {
        [
            RedisArgument(line.time), RedisArgument(line.stream.rawValue), RedisArgument(line.phase?.rawValue ?? ""),
            RedisArgument(Self.cut(line.text, to: settings.logLimits.lineBytes)),
        ]
    }

    /// The line's front, ending at a whole character, and a word about the rest.
    private static func cut(_ text: String, to limit: Int) -> [UInt8] {
        let bytes = Array(text.utf8)
        guard bytes.count > limit else { return bytes }
        var end = limit
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return bytes[..<end] + Array(" … (\(bytes.count - end) more bytes of this line were cut)".utf8)
    }
}
