internal import Logging
internal import Platform
internal import Settings

/// Whether a node has the disk that a build needs. Without it every build would fail here that others could do.
struct NodeRoom: Sendable {
    private let directory: String
    private let minimum: Int64

    /// - Parameters:
    ///   - directory: where builds take their room.
    ///   - minimum: bytes that have to be free there.
    init(directory: String, minimum: Int64) {
        (self.directory, self.minimum) = (directory, minimum)
    }

    init(_ settings: WorkerSettings) {
        self.init(directory: settings.cacheDirectory, minimum: Int64(settings.worker.minimumFreeBytes))
    }

    /// What is missing, for people; nil if nothing is.
    var shortage: String? {
        var free = Files.freeBytes(at: directory)
        if free == 0, (try? Directories.create(directory)) != nil { free = Files.freeBytes(at: directory) }
        guard free < minimum else { return nil }
        return "\(directory) has \(free >> 20) MiB left, less than the \(minimum >> 20) MiB of worker.minimumFreeBytes"
    }

    /// Looks again and again, and says when it changes.
    struct Watch {
        private let current: CurrentSetup
        private let notifier: ServiceNotifier
        private let logger: Logger
        private var isClosed = false

        init(current: CurrentSetup, notifier: ServiceNotifier, logger: Logger) {
            (self.current, self.notifier, self.logger) = (current, notifier, logger)
        }

        /// Why no build is to be taken now; nil if there is room.
        mutating func look() -> String? {
            let settings = current.value.settings
            let shortage = NodeRoom(settings).shortage
            guard isClosed != (shortage != nil) else { return shortage }
            isClosed.toggle()
            if let shortage {
                logger.error("taking no builds until there is room: \(shortage)")
                notifier.status("taking no builds: \(shortage)")
            } else {
                logger.notice("there is room again, taking builds")
                notifier.status("waiting for builds, \(settings.worker.slots) slots")
            }
            return shortage
        }
    }
}
