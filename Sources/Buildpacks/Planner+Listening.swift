internal import BuildModel

extension Planner {
    private static let interpreters = ["node", "bun", "deno", "tsx", "ts-node", "python", "python3", "ruby", "php"]

    /// Where the app listens: what the start command writes out, else what the rule sees behind it or in the source of what is started.
    func listening(_ start: StartCommand) throws -> ListenAddress {
        let written = ListenAddress(command: start.text)
        guard written.port == nil, !start.text.contains("PORT"),
            let (text, evidence) = try context.first(of: rule.listens), Self.starts(start.text, evidence)
        else { return written }
        let seen = ListenAddress(command: text)
        guard seen.port != nil else { return written }
        context.facts[RuleContext.seenPort] = "yes"
        return seen.joined(with: written, source: Self.portPlace(evidence))
    }

    /// Where the port stands: behind a start script, or in the source.
    private static func portPlace(_ evidence: [Evidence]) -> String {
        guard let seen = evidence.first(where: { $0.line != nil }) ?? evidence.first else { return "rule" }
        return seen.file + (seen.line.map { ":\($0)" } ?? "")
    }

    /// Whether what was seen first is of the file that an interpreter is given, or, of what else is started, in one file alone.
    private static func starts(_ text: String, _ evidence: [Evidence]) -> Bool {
        let words = text.split { $0 == " " || $0 == "\"" || $0 == "'" }.map(String.init)
        let program = words.first { !$0.contains("=") && $0 != "exec" } ?? ""
        guard interpreters.contains(program) else { return Set(evidence.map(\.file)).count == 1 }
        guard let file = evidence.first?.file else { return false }
        let names = [file, String(file.prefix { $0 != "." })]
        return words.contains { names.contains($0) || names.contains(String($0.drop { "./".contains($0) })) }
    }
}
