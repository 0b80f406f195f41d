import ArgumentParser
import BuildModel

/// The version of this program.
enum SlipwayVersion {
    static let text = "0.1.0"
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Prints the version.",
        discussion: """
            EXAMPLES:
              slipway version
              slipway version -o json
            """
    )

    @OptionGroup var format: OutputOptions

    func run() throws {
        format.output.print(["version": .string(SlipwayVersion.text)]) { "slipway \(SlipwayVersion.text)" }
    }
}
