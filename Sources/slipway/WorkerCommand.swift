import ArgumentParser
import BuildModel
import BuildQueue
import Logging
import Platform
import RedisTransport
import Sandbox
import Settings
import Telemetry
import Worker

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Takes builds from Redis and runs them, until it is asked to stop.",
        discussion: """
            Every key of the configuration is also a flag and an environment variable; a flag wins over the
            environment, the environment over the file. SIGTERM finishes what runs and ends with 0; a second one
            gives what runs back to the queue, a third one ends at once. SIGHUP reads the configuration anew.

            EXAMPLES:
              slipway worker --config /etc/slipway/worker.yaml
              slipway worker --config worker.yaml --check-config
              SLIPWAY_REDIS_URL=redis://127.0.0.1:6379/0 slipway worker --worker-slots 4
            """
    )

    @Flag(help: "Check the configuration, name every problem with its line, and end.")
    var checkConfig = false

    @Flag(help: ArgumentHelp("Run builds that do nothing, to measure the queue.", visibility: .hidden))
    var emptyBuilds = false

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    func run() async throws {
        let settings = try options.load()
        if checkConfig {
            _ = try Wiring.deployerSettings(settings.kubernetes)
            StandardOutput.write("The configuration is valid\(options.file.map { ": \($0)" } ?? "").")
            return
        }
        try await serve(settings)
    }

    private func serve(_ settings: WorkerSettings) async throws {
        let notifier = ServiceNotifier()
        let logger = Self.logger(settings.log, worker: settings.worker.name)
        let drain = DrainSignal()
        SandboxRunner(settings: Wiring.sandbox(settings)).sweep()
        let redis = try Wiring.redis(settings, name: "slipway-worker-\(settings.worker.name)")
        let workshop = try Workshop(settings, farm: FarmMemories(redis, farm: settings.farm))
        if !workshop.steps.mapsIDs {
            logger.warning("ids of mounted files cannot be mapped here, so all steps share them: see 'slipway doctor'")
        }
        let queue = try WorkerQueue(redis, settings: Wiring.queue(settings))
        let pipeline = emptyBuilds ? BuildPipeline.empty : BuildPipeline(stages: try workshop.stages())
        let setup = CurrentSetup(WorkerSetup(settings: settings, queue: queue, pipeline: pipeline))
        let daemon = WorkerDaemon(
            setup: setup,
            drain: drain,
            notifier: notifier,
            logger: logger,
            nodeChecks: Doctor(settings: settings).checks
        )
        let supervisor = StopSupervisor(
            drain: drain,
            current: setup,
            notifier: notifier,
            logger: logger
        )
        let reloader = Reloader(
            options: options,
            current: setup,
            redis: redis,
            http: workshop.http,
            hosts: workshop.hosts,
            notifier: notifier,
            logger: logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await supervisor.run() }
            group.addTask { await reloader.run() }
            group.addTask { await Self.tidy(workshop, logger) }
            defer { group.cancelAll() }
            try await daemon.run()
        }
        await redis.close()
        await workshop.close()
    }

    /// What builds keep is looked after when a worker starts, and every hour.
    private static func tidy(_ workshop: Workshop, _ logger: Logger) async {
        while !Task.isCancelled {
            await attempt("tidy up after steps", logger) { try await workshop.steps.tidy() }
            await attempt("remove repositories that nobody builds", logger) { try await workshop.collectRepositories() }
            do { try await Task.sleep(for: .seconds(3600)) } catch { return }
        }
    }

    private static func attempt(_ what: String, _ logger: Logger, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            let failure = BuildFailure(error, operation: "worker.tidy")
            if failure.fault != .cancelled { logger.warning("could not \(what)", metadata: ["error": "\(failure)"]) }
        }
    }

    private static func logger(_ log: WorkerSettings.Log, worker: String) -> Logger {
        let terminal = Terminal(descriptor: 2)
        let format: LogFormat =
            switch log.format {
            case .text: .text
            case .json: .json
            case .auto: terminal.isInteractive ? .text : .json
            }
        var logger = Logger(label: "slipway.worker") { _ in
            LineLogHandler(
                level: Logger.Level(rawValue: log.level) ?? .info,
                format: format,
                usesColor: terminal.usesColor
            )
        }
        logger[metadataKey: LogKey.worker] = "\(worker)"
        return logger
    }
}
