import BuildModel
import Platform
import Settings
import Telemetry

extension ConfigurationOptions {
    /// The file that is read when none is named, if it is there.
    static let defaultFile = "/etc/slipway/worker.yaml"

    /// Which file is read: the flag's, `SLIPWAY_CONFIG`'s, the default one if there is one, or none.
    var file: String? {
        if let named = config ?? SystemInformation.environment("SLIPWAY_CONFIG") { return named }
        return Files.exists(Self.defaultFile) ? Self.defaultFile : nil
    }

    /// The configuration of flags, environment, file and defaults.
    ///
    /// - Throws: `BuildFailure` with code `invalid_configuration` that lists every problem, a line each.
    func load() throws(BuildFailure) -> WorkerSettings {
        do {
            let environment = SystemInformation.environmentVariables
            let settings = try WorkerSettings.load(file: file, environment: environment, flags: flags)
            for warning in settings.warnings {
                StandardError.write("slipway: warning: \(TerminalText.plain("\(warning)"))")
            }
            return settings
        } catch {
            let problems = error.problems.map { "\n  \($0)" }.joined()
            let count = error.problems.count
            throw BuildFailure(
                .platform,
                .invalidConfiguration,
                operation: "settings.load",
                message: "The configuration has \(count == 1 ? "a problem" : "\(count) problems"):\(problems)"
            )
        }
    }
}
