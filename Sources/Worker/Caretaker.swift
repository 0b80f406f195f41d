internal import BuildModel
internal import BuildQueue
internal import Logging
internal import Platform

/// What every worker does for the farm beside its builds: recovers those of workers that are gone, wakes delayed ones, and
/// listens for cancellations.
struct Caretaker: Sendable {
    let current: CurrentSetup
    let running: RunningBuilds
    let logger: Logger

    /// Goes on until cancelled. Redis being away only makes it wait.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                await untilCancelled("look after the farm") {
                    let queue = current.value.queue
                    let receipt = try await queue.tend()
                    if receipt.recovered > 0 {
                        logger.notice(
                            "recovered builds of workers that are gone",
                            metadata: ["builds": "\(receipt.recovered)"]
                        )
                    }
                    try await Task.sleep(for: queue.tendEvery)
                }
            }
            group.addTask {
                await untilCancelled("listen for cancellations") {
                    await running.hurry(try await current.value.queue.waitForCancels(.seconds(20)))
                }
            }
        }
    }

    private func untilCancelled(_ what: String, _ body: () async throws -> Void) async {
        while !Task.isCancelled {
            do {
                try await body()
            } catch {
                guard !Task.isCancelled else { return }
                let failure = BuildFailure(error, operation: "worker.care")
                logger.warning("could not \(what)", metadata: ["error": "\(failure)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }
}
