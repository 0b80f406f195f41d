import BuildModel
import Platform
import Synchronization
import Telemetry

/// Prints log lines for people, with a line at the bottom of a terminal that shows that something is going on.
final class LogPrinter: Sendable {
    private let terminal: Terminal
    private let output: LineOutput
    private let descriptor: Int32
    private let state = Mutex((phase: BuildPhase?.none, since: ContinuousClock.now, frame: 0, isShown: false))

    /// - Parameter descriptor: 1 where the log is the result, 2 where it accompanies one.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        terminal = Terminal(descriptor: descriptor)
        output = LineOutput(descriptor: descriptor)
    }

    /// Prints a line, above the progress line if there is one.
    func print(_ text: String, phase: BuildPhase?) {
        state.withLock { state in
            if let phase, phase != state.phase { (state.phase, state.since) = (phase, .now) }
            erase(&state.isShown)
            let label = phase?.rawValue ?? ""
            let padding = String(repeating: " ", count: max(0, 11 - label.count))
            let error = output.write(terminal.styled(label, "2") + padding + " " + TerminalText.plain(text))
            if descriptor == 1 { StandardOutput.check(error) }
        }
    }

    /// A phase begins: what the progress line shows until the next.
    func begin(_ phase: BuildPhase) {
        state.withLock { ($0.phase, $0.since) = (phase, .now) }
    }

    /// Shows progress until cancelled; does nothing where there is no terminal.
    func showProgress() async {
        guard terminal.isInteractive else { return }
        while !Task.isCancelled {
            tick()
            try? await Task.sleep(for: .milliseconds(120))
        }
        state.withLock { erase(&$0.isShown) }
    }

    private func tick() {
        state.withLock { state in
            guard let phase = state.phase else { return }
            let frames = ["|", "/", "-", "\\"]
            state.frame = (state.frame + 1) % frames.count
            let seconds = Int(state.since.duration(to: .now).seconds)
            LineOutput(descriptor: descriptor).writeRaw(
                "\r\u{1B}[K\(frames[state.frame]) \(phase.rawValue) \(seconds) s"
            )
            state.isShown = true
        }
    }

    private func erase(_ isShown: inout Bool) {
        guard isShown else { return }
        LineOutput(descriptor: descriptor).writeRaw("\r\u{1B}[K")
        isShown = false
    }
}
