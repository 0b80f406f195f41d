internal import BuildModel
internal import Platform

/// What reading an object may take, also of what the object is made from: who writes a pack chooses the bases of its deltas.
struct ReadLimits: Sendable {
    let cancelFlag: CancelFlag
    /// The largest object, and the largest base of one.
    let maximumBytes: Int64

    func checkCancellation() throws(BuildFailure) {
        if cancelFlag.isSet { throw .cancelled(operation: "git.read") }
    }

    func check(baseSize size: Int64) throws(BuildFailure) {
        guard size > maximumBytes else { return }
        throw BuildFailure(
            .code,
            .limitExceeded,
            operation: "git.read",
            message: "An object is stored as a change of one of \(size) bytes; at most \(maximumBytes) are read."
        )
    }
}
