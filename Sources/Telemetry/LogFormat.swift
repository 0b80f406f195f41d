/// How the worker writes its own log.
package enum LogFormat: String, Sendable, CaseIterable {
    /// One line for people: time, level, message, metadata.
    case text
    /// One JSON object a line, for collectors.
    case json
}
