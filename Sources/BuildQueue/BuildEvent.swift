package import BuildModel
internal import Platform
internal import RedisTransport

/// Something that happened to a build, with its state right after.
package struct BuildEvent: Sendable, Hashable {
    /// The stream entry's id: reading resumes after it.
    package var position: String
    /// `queued`, `claimed`, `phase`, `given_back`, `finished`; more may come.
    package var type: String
    package var deploymentID: String
    package var state: String
    package var phase: String?
    package var attempt: Int64
    package var epoch: Int64
    package var worker: String?
    /// The failure's code, of a build that failed.
    package var code: String?
    /// Milliseconds since 1970 by Redis' clock.
    package var time: Int64
}

extension BuildEvent {
    init(_ value: RedisValue) {
        let fields = (value[1]?.pairs ?? [:]).compactMapValues(\.text).filter { !$0.value.isEmpty }
        self.init(
            position: value[0]?.text ?? "",
            type: fields["type"] ?? "",
            deploymentID: fields["deploymentId"] ?? "",
            state: fields["state"] ?? "",
            phase: fields["phase"],
            attempt: fields["attempt"].flatMap { Int64($0) } ?? 0,
            epoch: fields["epoch"].flatMap { Int64($0) } ?? 0,
            worker: fields["worker"],
            code: fields["code"],
            time: fields["time"].flatMap { Int64($0) } ?? 0
        )
    }

    /// The event for machines; what is not known is left out.
    package var json: JSONValue {
        let members: [String: JSONValue?] = [
            "position": .string(position),
            "type": .string(type),
            "deploymentId": .string(deploymentID),
            "state": .string(state),
            "phase": phase.map(JSONValue.string),
            "attempt": .integer(attempt),
            "epoch": .integer(epoch),
            "worker": worker.map(JSONValue.string),
            "code": code.map(JSONValue.string),
            "time": .string(Timestamp.text(milliseconds: time)),
        ]
        return .object(members.compactMapValues { $0 })
    }
}

extension BuildQueueClient {
    /// Events after a position, at most 500, waiting for the first if there is none.
    ///
    /// - Parameters:
    ///   - id: one build's events; nil for those of the whole farm.
    ///   - position: of the last event that was read; `0-0` for all that are kept, `$` for new ones only.
    ///   - wait: how long to wait; nil not to wait at all.
    /// - Throws: `BuildFailure`.
    package func events(
        of id: String? = nil,
        after position: String = "0-0",
        waiting wait: Duration? = nil
    ) async throws -> [BuildEvent] {
        let key = id.map { caller.keys.events($0) } ?? caller.keys.events
        let stream: [RedisArgument] = ["STREAMS", key, RedisArgument(position)]
        let head: [RedisArgument] = ["XREAD", "COUNT", "500"]
        let reply: RedisValue
        if let wait {
            let block: [RedisArgument] = ["BLOCK", RedisArgument(Swift.max(1, wait.milliseconds))]
            reply = try await caller.client.sendBlocking(head + block + stream, waiting: wait)
        } else {
            reply = try await caller.client.send(head + stream)
        }
        return reply[0]?[1]?.array?.map { BuildEvent($0) } ?? []
    }
}
