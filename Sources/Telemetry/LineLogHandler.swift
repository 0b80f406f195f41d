package import Logging
internal import Platform

/// Writes each event as one line to a descriptor, in one write, so that lines of several threads never mix.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let format: LogFormat
    private let usesColor: Bool
    private let output: LineOutput

    /// - Parameters:
    ///   - format: text or JSON.
    ///   - usesColor: whether text lines colour their level.
    ///   - output: where lines go; standard error by default.
    package init(
        level: Logger.Level,
        format: LogFormat,
        usesColor: Bool = false,
        output: LineOutput = LineOutput(descriptor: 2)
    ) {
        logLevel = level
        self.format = format
        self.usesColor = usesColor
        self.output = output
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        let time = Timestamp.text(milliseconds: SystemInformation.currentMilliseconds)
        switch format {
        case .text:
            output.write(TextLine.text(event.level, event.message.description, all, time: time, usesColor: usesColor))
        case .json:
            output.write(JSONLine.text(event.level, event.message.description, all, time: time))
        }
    }
}
