package import BuildModel

/// The right to run one attempt of a build, until it expires or is lost.
package struct Lease: Sendable, Hashable {
    /// The build's id.
    package var id: String
    /// The number of this lease; higher than that of any lease before it in the farm. Goes along with every effect.
    package var epoch: Int64
    /// 1 for the first attempt.
    package var attempt: Int
    /// The request's JSON as the producer sent it, not yet validated.
    package var requestText: String
    /// When the build was queued, in milliseconds since 1970 by Redis' clock.
    package var createdAt: Int64
    /// Until when the lease holds, in nanoseconds of this node's `SystemInformation.bootNanoseconds`.
    ///
    /// Counted from before the call that took it, so it is never later than what Redis has, unless the server's clock is put forward. A
    /// worker whose clock passes it without a renewal writes nothing that others see until it was renewed.
    package var expiresAt: Int64
    /// Why the build has to stop, once a renewal has learned that somebody cancelled it; its fault is `cancelled`.
    package var cancellation: BuildFailure?
}
