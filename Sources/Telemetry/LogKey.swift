/// The metadata keys of the worker's log, so that collectors can rely on them.
package enum LogKey {
    /// The build's id.
    package static let build = "build.id"
    package static let project = "project.id"
    /// The lease's number.
    package static let epoch = "build.epoch"
    package static let attempt = "build.attempt"
    package static let phase = "build.phase"
    package static let state = "build.state"
    /// A failure's stable code.
    package static let failureCode = "failure.code"
    package static let failureFault = "failure.fault"
    package static let image = "image.reference"
    package static let worker = "worker.name"
    package static let milliseconds = "duration.ms"
}
