package import BuildModel

/// Whether what others can see may still be sent, asked at the last moment: when a connection stands and the bytes are about to go.
///
/// Between asking for leave and sending lie waits of any length: for a connection, a token, a turn; or the process was stopped.
/// An HTTP request that says so (`needsPermit`) is dropped when the permit of its task has run out by then. What remains is what
/// the kernel has taken already.
package enum SendPermit {
    /// Throws once sending is no longer allowed. Called on any thread; does not block.
    package typealias Check = @Sendable () throws(BuildFailure) -> Void

    /// The permit of the present task; always valid where nobody has set one.
    @TaskLocal package static var current: Check = {}

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
