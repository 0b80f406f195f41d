import Platform
import Settings
import TestSupport
import Testing

let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

let node = NodeFacts(hostName: "builder-1", executablePath: "/opt/slipway/bin/slipway")

/// Loads settings from a text as `worker.yaml` in a scratch directory.
func load(
    _ text: String? = nil,
    environment: [String: String] = [:],
    flags: [String: String] = [:]
) throws -> WorkerSettings {
    let scratch = try Scratch()
    let file = try text.map { try scratch.write($0, to: "worker.yaml") }
    return try WorkerSettings.load(
        file: file,
        environment: environment.merging(["HOME": "/home/me"]) { own, _ in own },
        flags: flags,
        node: node
    )
}

/// What is wrong with a configuration, with the scratch directory cut off.
func problems(
    _ text: String? = nil,
    environment: [String: String] = [:],
    flags: [String: String] = [:]
) throws -> [String] {
    do {
        _ = try load(text, environment: environment, flags: flags)
        return []
    } catch let problems as SettingsProblems {
        return problems.problems.map { problem in
            let words = problem.description
            guard let range = words.firstRange(of: "worker.yaml") else { return words }
            return words.hasPrefix("/") ? String(words[range.lowerBound...]) : words
        }
    }
}

extension SettingKey: CustomTestStringConvertible {
    /// A key is its path in the names of test cases.
    package var testDescription: String { path }
}
