package import Dispatch

/// Runs an actor's jobs one after another on a queue of its own, so that blocking C calls never hold a thread of the cooperative pool.
///
/// Give it to an actor through `unownedExecutor`. A serial queue excludes, it does not pin: the thread may change between jobs,
/// which libgit2, libcurl and hiredis allow as long as calls do not overlap.
package final class SerialThreadExecutor: SerialExecutor {
    /// The queue that the jobs run on: event sources that deliver here may touch the actor through `assumeIsolated`.
    package let queue: DispatchQueue

    /// - Parameter label: the name shown by debuggers, such as `git.mirror`.
    package init(label: String) {
        queue = DispatchQueue(label: label)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    package func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
