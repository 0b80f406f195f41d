/// A secret that does not print: its description, debug description and mirror show `***`.
package struct Redacted<Value: Sendable>: Sendable {
    /// The secret itself. Every use of this property is a place to review.
    package let exposed: Value

    package init(_ value: Value) {
        exposed = value
    }
}

extension Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Redacted: Equatable where Value: Equatable {}
extension Redacted: Hashable where Value: Hashable {}
