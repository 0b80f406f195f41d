package import BuildModel

/// Decompressors that are not in use.
package final class InflaterStock: Sendable {
    private let stock = Stock { () throws(BuildFailure) in try Inflater() }

    package init() {}

    /// Lends a decompressor to `body`, which has it to itself.
    package func withInflater<Value>(
        _ body: (Inflater) throws(BuildFailure) -> Value
    ) throws(BuildFailure) -> Value {
        try stock.lend(body)
    }
}
