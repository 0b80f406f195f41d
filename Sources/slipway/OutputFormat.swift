import ArgumentParser
import BuildModel

/// How a reading verb prints its result.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// For people.
    case table
    /// One JSON document.
    case json
    /// One JSON object a line.
    case ndjson
}

/// `-o`, shared by every reading verb.
struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .long], help: "table for people, json or ndjson for programs.")
    var output: OutputFormat = .table
}

extension OutputFormat {
    /// Prints one value; `table` prints what `people` makes of it.
    func print(_ value: JSONValue, people: () -> String) {
        switch self {
        case .table: StandardOutput.write(people())
        case .json: StandardOutput.write(value.prettyText)
        case .ndjson: StandardOutput.write(value.canonicalText)
        }
    }
}
