package import BuildModel

/// Whether what others can see may still be sent, asked at the last moment: when a connection stands and the bytes are about to go.
///
/// Between asking for leave and sending lie waits of any length: for a connection, a token, a turn; or the process was stopped.
/// An HTTP request that says so (`needsPermit`) is dropped when the permit of its task has run out by then. What remains is what
/// the kernel has taken already.
package enum SendPermit {
    /// Throws once sending is no longer allowed. Called on any thread; does not block.
    package typealias Check = @Sendable () throws(BuildFailure) -> Void

    /// A function in a type of its own: in an optimized program the runtime is given no metadata for a task-local value whose type
    /// is a function with typed throws, and crashes.
    private struct Held: Sendable {
        let check: Check
    }

    @TaskLocal private static var held = Held(check: {})

    /// The permit of the present task; always valid where nobody has set one.
    package static var current: Check { held.check }

    /// Runs `body` under a permit.
    package static func holding<Value>(
        _ check: @escaping Check,
        _ body: () async throws -> Value
    ) async rethrows -> Value {
        try await $held.withValue(Held(check: check), operation: body)
    }

    /// Why the present task may not send; nil while it may.
    package static var refusal: BuildFailure? {
        do {
            try current()
            return nil
        } catch {
            return error
        }
    }
}
