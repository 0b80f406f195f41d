package import BuildModel
internal import FoundationEssentials

/// Reading JSON text of any origin. Writing is `JSONValue`'s own affair: its bytes must not depend on a library.
package enum JSONDocument {
    /// Parses one JSON value.
    ///
    /// Nesting is bounded by the parser (512 levels), size by the caller, who knows what it is reading.
    ///
    /// - Throws: `BuildFailure` with code `invalid_json`; the message says where.
    package static func parse(_ bytes: [UInt8]) throws(BuildFailure) -> JSONValue {
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        } catch {
            throw BuildFailure(
                .code,
                BuildFailure.Code(rawValue: "invalid_json"),
                operation: "json.parse",
                message: "This is not valid JSON.",
                cause: reason(error)
            )
        }
    }

    /// Parses one JSON value from text.
    package static func parse(_ text: String) throws(BuildFailure) -> JSONValue {
        try parse(Array(text.utf8))
    }

    private static func reason(_ error: any Error) -> String {
        guard case DecodingError.dataCorrupted(let context) = error else { return String(describing: error) }
        return context.underlyingError.map { String(describing: $0) } ?? context.debugDescription
    }
}
