package import BuildModel
internal import Platform
internal import RedisTransport

/// An entry of the intake that could not become a build.
package struct DeadEntry: Sendable, Hashable {
    /// Its id among the dead letters.
    package var position: String
    /// What is wrong with it.
    package var reason: String
    /// The beginning of what the producer sent, at most 4096 bytes.
    package var request: String
    /// Milliseconds since 1970 by Redis' clock.
    package var time: Int64

    init(_ value: RedisValue) {
        let fields = value[1]?.pairs.compactMapValues(\.text) ?? [:]
        position = value[0]?.text ?? ""
        reason = fields["reason"] ?? ""
        request = fields["request"] ?? ""
        time = fields["time"].flatMap { Int64($0) } ?? 0
    }

    /// The dead letter for machines.
    package var json: JSONValue {
        [
            "id": .string(position), "reason": .string(reason), "request": .string(request),
            "time": .string(Timestamp.text(milliseconds: time)),
        ]
    }
}
