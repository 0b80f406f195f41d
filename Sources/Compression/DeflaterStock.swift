package import BuildModel

/// Compressors of one level that are not in use, so that members do not each pay for a new one.
package final class DeflaterStock: Sendable {
    private let stock: Stock<Deflater>

    /// - Parameter level: one of libdeflate's.
    package init(level: Int) {
        stock = Stock { () throws(BuildFailure) in try Deflater(level: level) }
    }

    /// Lends a compressor to `body`, which has it to itself.
    package func withDeflater<Value>(
        _ body: (Deflater) throws(BuildFailure) -> Value
    ) throws(BuildFailure) -> Value {
        try stock.lend(body)
    }
}
