internal import Subprocess
internal import SystemPackage

/// What a finished program left.
package struct CommandResult: Sendable {
    /// The exit code, or 128 and the signal's number.
    package var status: Int32
    package var output: [UInt8]
    package var errorText: String

    package var text: String { String(decoding: output, as: UTF8.self) }
    /// The output's lines without the empty one at its end.
    package var lines: [String] { text.split(separator: "\n").map(String.init) }
    package var succeeded: Bool { status == 0 }
}

/// A program that did not end with 0 where a test needs it to.
package struct CommandFailed: Error, CustomStringConvertible {
    package var description: String

    package init(description: String) {
        self.description = description
    }
}

/// Programs run to their end: git, skopeo, umoci, bsdtar and the like.
package enum Command {
    /// Runs a program found in PATH, or at a path, and returns what it left, whatever its status.
    ///
    /// - Parameters:
    ///   - words: the program and its arguments; no shell comes between.
    ///   - environment: set in addition to this process's own.
    package static func result(
        _ words: [String],
        in directory: String? = nil,
        environment: [String: String] = [:],
        input: [UInt8] = []
    ) async throws -> CommandResult {
        let name = words.first ?? ""
        let result = try await run(
            name.contains("/") ? .path(FilePath(name)) : .name(name),
            arguments: Arguments(Array(words.dropFirst())),
            environment: .inherit.updating(
                Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), $1) })
            ),
            workingDirectory: directory.map { FilePath($0) },
            input: .array(input),
            output: .bytes(limit: 512 << 20),
            error: .bytes(limit: 16 << 20)
        )
        return CommandResult(
            status: code(of: result.terminationStatus),
            output: result.standardOutput,
            errorText: String(decoding: result.standardError, as: UTF8.self)
        )
    }

    /// Runs a program that must succeed and returns what it wrote.
    ///
    /// - Throws: `CommandFailed` with the command, its status and its words.
    @discardableResult
    package static func output(
        _ words: [String],
        in directory: String? = nil,
        environment: [String: String] = [:],
        input: [UInt8] = []
    ) async throws -> CommandResult {
        let result = try await result(words, in: directory, environment: environment, input: input)
        guard result.succeeded else {
            let command = words.joined(separator: " ")
            throw CommandFailed(description: "\(command): status \(result.status)\n\(result.errorText)\(result.text)")
        }
        return result
    }

    private static func code(of status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): Int32(code)
        case .signaled(let signal): 128 + Int32(signal)
        }
    }
}
