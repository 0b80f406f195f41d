/// A condition that did not come true in time.
package struct NeverHappened: Error, CustomStringConvertible {
    package var description: String
}

/// Waits until `condition` holds, looking again every few milliseconds: tests wait for what they need, not for time.
///
/// - Parameters:
///   - what: the condition in words, for the error.
///   - limit: far more than it should ever take.
/// - Throws: `NeverHappened`, or what `condition` throws.
package func eventually(
    _ what: String,
    within limit: Duration = .seconds(300),
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened(description: "not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// Waits until `value` is not nil, and returns it.
package func eventually<Value>(
    _ what: String,
    within limit: Duration = .seconds(300),
    value: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + limit
    while true {
        if let value = try await value() { return value }
        guard ContinuousClock.now < end else { throw NeverHappened(description: "not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
