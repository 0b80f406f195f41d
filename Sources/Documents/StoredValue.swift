package import BuildModel
internal import FoundationEssentials

/// Values that this program keeps for itself, for as long as it stays the same program: as JSON whose form nobody else relies on.
package enum StoredValue {
    /// - Throws: `BuildFailure` with code `internal` for a value that JSON cannot have, such as a number that is none.
    package static func bytes(of value: some Encodable) throws(BuildFailure) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(value))
        } catch {
            throw BuildFailure(
                .platform,
                .internal,
                operation: "value.store",
                message: "This cannot be stored.",
                cause: String(describing: error)
            )
        }
    }

    /// nil for bytes that are something else.
    package static func value<Value: Decodable>(_ type: Value.Type, of bytes: [UInt8]) -> Value? {
        try? JSONDecoder().decode(type, from: Data(bytes))
    }
}
