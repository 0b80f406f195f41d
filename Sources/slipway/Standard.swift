import Telemetry

/// Standard output: results, and nothing else.
enum StandardOutput {
    static func write(_ line: String) { LineOutput(descriptor: 1).write(line) }
}

/// Standard error: everything for people that is not the result.
enum StandardError {
    static func write(_ line: String) { LineOutput(descriptor: 2).write(line) }
}
