/// The state of a build as producers see it: the words of the platform's Deployment record.
package enum BuildState: String, Sendable, Hashable, CaseIterable {
    case pending = "PENDING"
    case building = "BUILDING"
    case deploying = "DEPLOYING"
    case success = "SUCCESS"
    case failed = "FAILED"
    case cancelled = "CANCELLED"

    /// Whether nothing can follow.
    package var isTerminal: Bool {
        switch self {
        case .pending, .building, .deploying: false
        case .success, .failed, .cancelled: true
        }
    }
}

/// A finer part of an attempt, told as events and timed.
package enum BuildPhase: String, Sendable, Hashable, CaseIterable {
    case cloning
    case detecting
    /// Steps that install packages and dependencies.
    case installing
    /// Steps that make what runs from the source.
    case building
    case assembling
    case pushing
    case deploying
}

/// One line of a build's log.
package struct LogLine: Sendable, Hashable {
    /// Who wrote it.
    package enum Stream: String, Sendable, Hashable {
        /// Slipway itself.
        case system
        case stdout
        case stderr
    }

    package var stream: Stream
    package var phase: BuildPhase?
    /// Text without a line end. Untrusted: shown to people only through a filter for control characters.
    package var text: String
    /// Milliseconds since 1970, by the worker's clock.
    package var time: Int64

    package init(stream: Stream, phase: BuildPhase?, text: String, time: Int64) {
        self.stream = stream
        self.phase = phase
        self.text = text
        self.time = time
    }
}

/// Where a stage writes what a user should read. Never blocks and never fails: lines are buffered and shipped elsewhere.
package protocol BuildLog: Sendable {
    func write(_ text: String, stream: LogLine.Stream, phase: BuildPhase?)
}

extension BuildLog {
    /// Writes a line of Slipway's own.
    package func say(_ text: String, _ phase: BuildPhase? = nil) {
        write(text, stream: .system, phase: phase)
    }
}
