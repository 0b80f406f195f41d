import Glibc
import Platform
import Synchronization
import TestSupport

/// Worker processes of a farm, each with a name and a cache of its own, started again when they end as a service manager would.
/// The last one's cache is a small disk of its own, which can be filled.
final class WorkerPool: Sendable {
    let farm: Farm
    let count: Int
    private let workers: Mutex<[ServerProcess?]>

    init(_ farm: Farm, count: Int) {
        self.farm = farm
        self.count = count
        workers = Mutex(Array(repeating: nil, count: count))
    }

    /// Starts every worker that does not run.
    func fill() async throws {
        for index in 0..<count where workers.withLock({ $0[index]?.isRunning }) != true {
            let worker = try await launch(index)
            workers.withLock { $0[index] = worker }
        }
    }

    func signal(_ index: Int, _ number: Int32) {
        workers.withLock { $0[index] }?.signal(number)
    }

    func stop() {
        let all = workers.withLock { workers in
            defer { workers = Array(repeating: nil, count: count) }
            return workers.compactMap { $0 }
        }
        for worker in all {
            worker.signal(SIGCONT)
            worker.signal(SIGKILL)
            worker.stop()
        }
    }

    /// Fills the disk of the last worker, or frees it again.
    func fillDisk(_ full: Bool) { disk.fill(full) }

    private var disk: SmallDisk {
        SmallDisk(directory: farm.scratch("cache-\(count - 1)"), trigger: farm.scratch("fill-the-disk"))
    }

    private func launch(_ index: Int) async throws -> ServerProcess {
        // Each pushes to a host name of its own, so that the registry's log tells whose write it is.
        let host = "node-\(index).localhost:\(farm.registry.port)"
        let words = [
            SlipwayProgram.path, "worker", "--config", farm.configuration, "--worker-name", "node-\(index)",
            "--cache-directory", farm.scratch("cache-\(index)"), "--registries-push", "\(host)/apps",
            "--registries-plain-http", host, "--worker-minimum-free-bytes", String(16 << 20),
        ]
        return try await ServerProcess(
            index == count - 1 ? disk.around(words) : words,
            log: farm.scratch("node-\(index)-\(UInt32.random(in: 0 ... .max)).log")
        )
    }
}
