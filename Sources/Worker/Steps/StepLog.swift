package import BuildModel
internal import Platform
internal import Sandbox
internal import Synchronization

/// The log of one step: lines carry its phase, values of secrets never get through, and a digest says what it was.
final class StepLog: BuildLog {
    private let log: any BuildLog
    private let step: BuildStep
    private let secrets: SecretMask
    private let hasher = Mutex(SHA256Hasher())

    init(_ log: any BuildLog, step: BuildStep, secrets: some Collection<Redacted<String>>) {
        self.log = log
        self.step = step
        self.secrets = SecretMask(secrets)
    }

    func write(_ text: String, stream: LogLine.Stream, phase: BuildPhase?) {
        let text = secrets.masked(text)
        if stream != .system { hasher.withLock { $0.update(Array("\(text)\n".utf8)) } }
        log.write(text, stream: stream, phase: step.phase)
    }

    /// sha256 of what the step itself wrote. To be asked once, at the end.
    func digest() -> Digest { hasher.withLock { $0.finalize() } }
}

extension BuildStep {
    /// What an attempt is doing while the step runs.
    package var phase: BuildPhase { kind == .build ? .building : .installing }
}
