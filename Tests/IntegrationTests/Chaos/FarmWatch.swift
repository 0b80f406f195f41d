import BuildModel
import RedisTransport

/// Looks at a farm's Redis all the time: until when leases hold, and how long logs are.
actor FarmWatch {
    private(set) var leases: LeaseRecord
    /// Logs that grew, each between two looks under the same epoch.
    private(set) var logs: [Effect] = []
    private let redis: RedisClient
    private var seen: [String: Look] = [:]
    private var position = "0-0"

    /// What one look shows of a build.
    private struct Look {
        var time: Int64
        var epoch: Int64
        var lines: Int64
    }

    /// - Parameters:
    ///   - url: as a worker has it.
    ///   - lease: its length, in milliseconds.
    init(_ url: String, lease: Int64) throws {
        redis = RedisClient(try RedisLocation(parsing: url), name: "watch", key: "slipway:{farm}:intake")
        leases = LeaseRecord(length: lease)
    }

    /// The time, and of each build that runs, or ran when last looked at: epoch, state, lease and lines.
    private static let script = """
        local time, ids, known = redis.call('TIME'), redis.call('ZRANGE', KEYS[1] .. 'leases', 0, -1), {}
        for _, id in ipairs(ids) do known[id] = true end
        for _, id in ipairs(ARGV) do if not known[id] then ids[#ids + 1] = id end end
        for index, id in ipairs(ids) do
            local is = redis.call('HMGET', KEYS[1] .. 'build:' .. id, 'epoch', 'state', 'leaseUntil', 'logLines')
            ids[index] = {id, is[1] or '0', is[2] or '', is[3] or '', is[4] or '0'}
        end
        return {time[1] * 1000 + math.floor(time[2] / 1000), ids}
        """

    /// Looks until cancelled. While Redis is away there is nothing to see.
    func run() async {
        while !Task.isCancelled {
            try? await look()
            try? await Task.sleep(for: .milliseconds(100))
        }
        await redis.close()
    }

    func look() async throws {
        let words: [RedisArgument] = ["EVAL", RedisArgument(Self.script), "1", "slipway:{farm}:"]
        let reply = try await redis.send(words + seen.keys.map { RedisArgument($0) }, within: .seconds(10))
        guard let time = reply[0]?.integer else { return }
        for row in reply[1]?.array ?? [] { note(row, at: time) }
        try await readEvents()
    }

    private func note(_ row: RedisValue, at time: Int64) {
        guard let id = row[0]?.text, let epoch = row[1]?.integer, let state = row[2]?.text, let lines = row[4]?.integer
        else { return }
        if let end = row[3]?.integer { leases.note(epoch, until: end) }
        if let last = seen[id], last.epoch == epoch, last.lines < lines {
            logs.append(Effect(kind: .log, build: id, epoch: epoch, began: last.time, ended: time))
        }
        let isOver = state.isEmpty || BuildState(rawValue: state)?.isTerminal == true
        seen[id] = isOver ? nil : Look(time: time, epoch: epoch, lines: lines)
    }

    /// What ends a lease tells how long it held: it may have been renewed since the last look.
    private func readEvents() async throws {
        let stream: [RedisArgument] = ["STREAMS", "slipway:{farm}:events", RedisArgument(position)]
        let reply = try await redis.send(["XREAD", "COUNT", "10000"] + stream, within: .seconds(10))
        for entry in reply[0]?[1]?.array ?? [] {
            position = entry[0]?.text ?? position
            let fields = entry[1]?.pairs ?? [:]
            guard let epoch = fields["epoch"]?.integer, let end = fields["leaseUntil"]?.integer else { continue }
            leases.note(epoch, until: end)
        }
    }
}
