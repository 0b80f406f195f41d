internal import BuildModel
internal import CHiredis

/// Writes commands as Redis reads them: hiredis' `redisFormatCommandArgv`.
enum CommandEncoder {
    /// The command as an array of bulk strings (RESP, "Sending commands to a Redis server").
    ///
    /// - Throws: `BuildFailure` with code `internal` for a command without words, or without memory for it.
    static func encode(_ words: [RedisArgument]) throws(BuildFailure) -> [UInt8] {
        guard let encoded = words.isEmpty ? nil : format(words) else {
            throw BuildFailure(
                .platform,
                .internal,
                operation: "redis.encode",
                message: "A command of \(words.count) words cannot be sent."
            )
        }
        return encoded
    }

    private static func format(_ words: [RedisArgument]) -> [UInt8]? {
        let joined = words.flatMap(\.bytes) + [0]
        var lengths = words.map(\.bytes.count)
        return unsafe joined.withUnsafeBufferPointer { buffer -> [UInt8]? in
            var offset = 0
            var starts: [UnsafePointer<CChar>?] = unsafe []
            for length in lengths {
                let start = unsafe buffer.baseAddress.map { unsafe UnsafeRawPointer($0 + offset) }
                unsafe starts.append(start?.assumingMemoryBound(to: CChar.self))
                offset += length
            }
            return unsafe copied(&starts, &lengths)
        }
    }

    private static func copied(_ starts: inout [UnsafePointer<CChar>?], _ lengths: inout [Int]) -> [UInt8]? {
        var target: UnsafeMutablePointer<CChar>?
        let length = unsafe Int(redisFormatCommandArgv(&target, Int32(starts.count), &starts, &lengths))
        guard length > 0, let target = unsafe target else { return nil }
        defer { unsafe redisFreeCommand(target) }
        return unsafe Array(UnsafeRawBufferPointer(start: target, count: length))
    }
}
