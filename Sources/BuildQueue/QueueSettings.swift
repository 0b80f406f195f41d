package import BuildModel

/// How a worker and its farm use the queue.
package struct QueueSettings: Sendable, Hashable {
    /// The farm's name, which is in every key: `slipway:{farm}:…`.
    package var farm: String
    /// This worker's name, unique in the farm and stable across restarts.
    package var worker: String
    /// How long a build is this worker's without a renewal.
    package var lease: Duration
    /// How often a lease is renewed; a third of the lease leaves two more tries.
    package var renewEvery: Duration
    package var logLimits: LogLimits
    /// How long a finished build's status, log and events stay readable, and its id stays taken.
    package var retention: Duration
    /// Less than `retention` for builds of some states, by age and by how many are kept.
    package var limits: [BuildState: StateLimit] = [:]
    /// How many bytes of the logs of builds that have ended are kept together, those of the last ones; nil for any number.
    package var farmLogBytes: Int?
    /// What this node is; a build that names labels runs only where all of them are.
    package var labels: [String: String] = [:]
    /// How many builds of one tenant may run in the whole farm; 0 for any number.
    package var tenantLimit = 0
    /// How many builds that deploy one project may run in the whole farm; 0 for any number. One keeps them in order.
    package var projectLimit = 0
    /// Tenants that get more turns than others, by how many times; 1 for all that are not named.
    package var tenantWeights: [String: Int] = [:]

    package init(
        farm: String = "farm",
        worker: String,
        lease: Duration = .seconds(30),
        renewEvery: Duration = .seconds(10),
        logLimits: LogLimits = LogLimits(),
        retention: Duration = .seconds(7 * 86400)
    ) {
        self.farm = farm
        self.worker = worker
        self.lease = lease
        self.renewEvery = renewEvery
        self.logLimits = logLimits
        self.retention = retention
    }
}

/// What is kept of the builds that ended in one state; the oldest are forgotten first.
package struct StateLimit: Sendable, Hashable {
    /// Nil for as long as `QueueSettings.retention`.
    package var age: Duration?
    /// Nil for any number.
    package var count: Int?

    package init(age: Duration? = nil, count: Int? = nil) {
        (self.age, self.count) = (age, count)
    }
}

/// How much of a build's log Redis keeps: the head whole, and of what is beyond it the last lines, where errors are.
package struct LogLimits: Sendable, Hashable {
    package var headLines: Int
    /// Bytes of text, as all sizes here.
    package var headBytes: Int
    package var tailLines: Int
    package var tailBytes: Int
    /// A longer line is cut, and says so.
    package var lineBytes: Int

    package init(
        headLines: Int = 20_000,
        headBytes: Int = 4 << 20,
        tailLines: Int = 5_000,
        tailBytes: Int = 2 << 20,
        lineBytes: Int = 16 << 10
    ) {
        self.headLines = headLines
        self.headBytes = headBytes
        self.tailLines = tailLines
        self.tailBytes = tailBytes
        self.lineBytes = lineBytes
    }
}

extension QueueSettings {
    /// How long a call under a lease is repeated: shorter than what is left of one that is trusted, so that no call which began
    /// in time comes to Redis after the lease's end and before its renewal.
    package var callLimit: Duration { min(.seconds(10), lease / 4) }
}
