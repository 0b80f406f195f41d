internal import BuildModel
internal import RedisTransport

/// The names of a farm's keys. All have the farm's hash tag, so that one slot of a cluster holds them all.
struct QueueKeys: Sendable {
    private let prefix: String

    /// - Throws: `BuildFailure` with code `invalid_configuration` for a name that cannot be part of a key.
    init(farm: String) throws(BuildFailure) {
        guard Self.isName(farm) else {
            throw BuildFailure(
                .platform,
                .invalidConfiguration,
                operation: "queue.keys",
                message: "'\(farm.prefix(64))' cannot name a farm: use 1 to 64 letters, digits, '.', '_' and '-'."
            )
        }
        prefix = "slipway:{\(farm)}:"
    }

    var intake: RedisArgument { RedisArgument(prefix + "intake") }
    /// A key that never exists. Functions name it beside the intake: while a cluster moves the slot to another node, a call
    /// whose keys are not all there is refused whole, instead of failing in its midst on a key that has gone.
    var absent: RedisArgument { RedisArgument(prefix + "absent") }
    var builds: RedisArgument { RedisArgument(prefix + "builds") }
    var doorbell: RedisArgument { RedisArgument(prefix + "doorbell") }
    var cancels: RedisArgument { RedisArgument(prefix + "cancels") }
    var buried: RedisArgument { RedisArgument(prefix + "buried") }
    var dead: RedisArgument { RedisArgument(prefix + "dead") }
    var events: RedisArgument { RedisArgument(prefix + "events") }
    func build(_ id: String) -> RedisArgument { RedisArgument(prefix + "build:" + id) }
    func log(_ id: String) -> RedisArgument { RedisArgument(prefix + "log:" + id) }
    func memory(_ kind: String, _ key: Digest) -> RedisArgument { RedisArgument(prefix + kind + ":" + key.hex) }
    func events(_ id: String) -> RedisArgument { RedisArgument(prefix + "events:" + id) }

    private static func isName(_ text: String) -> Bool {
        let marks = [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")]
        return (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || marks.contains(byte)
            }
    }
}
