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
    func fillDisk(_ full: Bool) {
        if full {
            try? Files.writeAtomically([], to: trigger)
        } else {
            unlink(trigger)
        }
    }

    private var trigger: String { farm.scratch("fill-the-disk") }

    private func launch(_ index: Int) async throws -> ServerProcess {
        // Each pushes to a host name of its own, so that the registry's log tells whose write it is.
        let host = "node-\(index).localhost:\(farm.registry.port)"
        let words = [
            SlipwayProgram.path, "worker", "--config", farm.configuration, "--worker-name", "node-\(index)",
            "--cache-directory", farm.scratch("cache-\(index)"), "--registries-push", "\(host)/apps",
            "--registries-plain-http", host,
        ]
        return try await ServerProcess(
            index == count - 1 ? onSmallDisk(words) : words,
            log: farm.scratch("node-\(index)-\(UInt32.random(in: 0 ... .max)).log")
        )
    }

    /// The same in a mount namespace where the cache is a file system of 64 MiB in memory, with a watcher that fills it on demand.
    private func onSmallDisk(_ words: [String]) -> [String] {
        let script = """
            cache=$1; trigger=$2; shift 2
            mkdir -p "$cache"
            mount -t tmpfs -o size=64m slipway "$cache" || exit 99
            worker=$$
            while kill -0 $worker 2>/dev/null; do
                if [ -e "$trigger" ]; then
                    [ -e "$cache/ballast" ] || head -c 128M /dev/zero > "$cache/ballast" 2>/dev/null
                else
                    rm -f "$cache/ballast"
                fi
                sleep 0.2
            done &
            exec "$@"
            """
        let rights = geteuid() == 0 ? [] : ["--map-root-user"]
        let shell = ["/bin/sh", "-c", script, "small-disk", farm.scratch("cache-\(count - 1)"), trigger]
        return ["/usr/bin/unshare", "--mount"] + rights + shell + words
    }
}
