package import BuildModel
internal import Synchronization

/// A build log that keeps its lines, for tests to look at.
package final class CollectedLog: BuildLog {
    private let lines = Mutex<[String]>([])

    package init() {}

    package func write(_ text: String, stream: LogLine.Stream, phase: BuildPhase?) {
        lines.withLock { $0.append(text) }
    }

    package var texts: [String] { lines.withLock { $0 } }
}
