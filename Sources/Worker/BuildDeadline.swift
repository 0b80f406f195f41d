package import BuildModel
internal import Synchronization

/// The end of the time that the stages of a build may take together. It is lifted when the image is there and the cluster's turn comes:
/// what is begun there has deadlines of its own, and has to come to its own end, or a version that does not come up would stay.
package final class BuildDeadline: Sendable {
    private enum State {
        case running, lifted, passed
    }

    private let state = Mutex(State.running)

    package init() {}

    /// From here on it does not count.
    ///
    /// - Throws: `BuildFailure` if it has passed; the build is about to be cancelled.
    package func lift() throws(BuildFailure) {
        let isLate = state.withLock { state in
            if state == .running { state = .lifted }
            return state == .passed
        }
        if isLate { throw .cancelled(operation: "build.deadline") }
    }

    /// Says that the time has passed; returns whether that counts.
    func pass() -> Bool {
        state.withLock { state in
            if state == .running { state = .passed }
            return state == .passed
        }
    }
}
