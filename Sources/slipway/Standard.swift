import Platform
import Telemetry

/// Standard output: results, and nothing else.
enum StandardOutput {
    /// Writes a line; a result that cannot be written ends the process, for nobody would notice otherwise.
    static func write(_ line: String) { check(LineOutput(descriptor: 1).write(line)) }

    /// Ends the process if a line of the result was not written.
    static func check(_ error: Int32) {
        guard error != 0 else { return }
        if SystemInformation.isBrokenPipe(error) { ExitStatus.end(.brokenPipe) }
        StandardError.write(
            "slipway: output: Standard output cannot be written (\(SystemInformation.words(ofError: error)))."
        )
        ExitStatus.end(.ioError)
    }
}

/// Standard error: everything for people that is not the result.
enum StandardError {
    static func write(_ line: String) { LineOutput(descriptor: 2).write(line) }
}
