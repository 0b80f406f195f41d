/// The program as a user has it: the one that was built beside the tests.
package enum SlipwayProgram {
    /// Its path, beside the test bundle.
    package static let path: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? ""
        return bundle.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 } + "/slipway"
    }()

    /// Runs the program and returns what it left.
    ///
    /// - Parameter environment: set beside an environment that has no `SLIPWAY_` variable.
    package static func result(
        _ words: [String],
        in directory: String? = nil,
        environment: [String: String] = [:],
        input: [UInt8] = []
    ) async throws -> CommandResult {
        try await Command.result([path] + words, in: directory, environment: environment, input: input)
    }

    /// Runs the program; it must end with 0.
    @discardableResult
    package static func output(
        _ words: [String],
        in directory: String? = nil,
        environment: [String: String] = [:]
    ) async throws -> CommandResult {
        try await Command.output([path] + words, in: directory, environment: environment)
    }
}
