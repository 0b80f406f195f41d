/// The checkout that the tests were built from.
package enum Checkout {
    /// Its top directory.
    package static let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }
}
