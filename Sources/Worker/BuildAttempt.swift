package import BuildModel
internal import Platform

/// What a stage may ask of the attempt that it belongs to: a place for words, phases, and leave to touch the outside world.
package protocol AttemptReporter: BuildLog {
    /// A phase begins. Told to whoever watches; failures to tell are not the stage's concern.
    func begin(_ phase: BuildPhase) async

    /// Makes sure that this attempt still owns the build. Called right before anything that others can see.
    ///
    /// - Throws: `BuildFailure` with code `lease_lost` when another attempt may be running by now.
    func confirm() async throws
}

/// Runs the phases of one attempt and measures each.
package struct PhaseTimer: Sendable {
    private let reporter: any AttemptReporter
    /// Milliseconds by phase, for the phases that have begun.
    package private(set) var milliseconds: [BuildPhase: Int64] = [:]

    package init(reporter: any AttemptReporter) {
        self.reporter = reporter
    }

    /// Runs `body` as `phase`; its time counts even when it throws.
    package mutating func measure<Value: Sendable>(
        _ phase: BuildPhase,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        await reporter.begin(phase)
        let start = ContinuousClock.now
        defer { milliseconds[phase, default: 0] += start.duration(to: .now).milliseconds }
        try Task.checkCancellation()
        return try await body()
    }
}
