import BuildModel
import BuildQueue
import HTTPTransport
import Logging
import Platform
import RedisTransport
import Registry
import Settings
import Worker

/// Reads the configuration anew when the process gets SIGHUP. A configuration with a problem changes nothing; one that is
/// good holds for every build that begins from then on.
struct Reloader: Sendable {
    let options: ConfigurationOptions
    let current: CurrentSetup
    let redis: RedisClient
    let http: HTTPClient
    /// Builds that began before go on beside those that begin after: they share what hosts asked for.
    let hosts: SharedHosts
    let notifier: ServiceNotifier
    let logger: Logger

    /// Listens until cancelled.
    func run() async {
        for await _ in ReloadSignals.requests() {
            notifier.reloading()
            do {
                let (before, settings) = (current.value.settings, try options.load())
                current.replace(by: try setup(settings))
                let fixed = Self.fixed(before, settings)
                logger.notice("configuration reloaded", metadata: ["slots": "\(settings.worker.slots)"])
                if !fixed.isEmpty {
                    logger.warning("these keys need a restart", metadata: ["keys": "\(fixed.joined(separator: ", "))"])
                }
            } catch {
                let failure = BuildFailure(error, operation: "worker.reload")
                logger.error("the configuration was not reloaded", metadata: ["error": "\(failure)"])
            }
            notifier.ready(status: "waiting for builds, \(current.value.settings.worker.slots) slots")
        }
    }

    private func setup(_ settings: WorkerSettings) throws -> WorkerSetup {
        let before = current.value
        let farm = try FarmMemories(redis, farm: before.queue.settings.farm)
        let workshop = try Workshop(settings, farm: farm, http: http, hosts: hosts)
        return WorkerSetup(
            settings: settings,
            queue: before.queue.changed(to: Wiring.queue(settings)),
            pipeline: BuildPipeline(stages: try workshop.stages())
        )
    }

    /// Keys that changed and that this process cannot follow.
    private static func fixed(_ before: WorkerSettings, _ after: WorkerSettings) -> [String] {
        var keys: [String] = []
        if before.farm != after.farm { keys.append("farm") }
        if before.worker.name != after.worker.name { keys.append("worker.name") }
        if before.redis != after.redis { keys.append("redis") }
        if before.log != after.log { keys.append("log") }
        return keys
    }
}
