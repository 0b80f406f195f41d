import ArgumentParser
import BuildModel

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks whether this node and its Redis keep what a worker promises.",
        discussion: """
            Each check has a name, a status (ok, warning, problem), what was found, and what to do. A worker makes the same
            checks when it starts, and refuses to start while there is a problem that worker.acceptedRisks does not name.
            Ends with 0 without problems, else with 78.

            EXAMPLES:
              slipway doctor --config /etc/slipway/worker.yaml
              slipway doctor -o json | jq '.findings[] | select(.status != "ok")'
            """
    )

    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        let findings = try await Doctor(settings: try options.load()).findings()
        switch format.output {
        case .ndjson: findings.forEach { StandardOutput.write($0.json.canonicalText) }
        case .json: StandardOutput.write(Self.json(findings).prettyText)
        case .table: StandardOutput.write(Self.text(findings))
        }
        if findings.contains(where: { $0.status == .problem }) { ExitStatus.end(.configuration) }
    }

    private static func worst(_ findings: [HealthFinding]) -> HealthFinding.Status {
        HealthFinding.Status.allCases.last { status in findings.contains { $0.status == status } } ?? .ok
    }

    private static func json(_ findings: [HealthFinding]) -> JSONValue {
        ["status": .string(worst(findings).rawValue), "findings": .array(findings.map(\.json))]
    }

    private static func text(_ findings: [HealthFinding]) -> String {
        let terminal = Terminal(descriptor: 1)
        let colors: [HealthFinding.Status: String] = [.ok: "32", .warning: "33", .problem: "31"]
        var table = TextTable(["CHECK", "STATUS", "FOUND"])
        for finding in findings {
            let color = colors[finding.status] ?? "0"
            let words = finding.message + (finding.remedy.isEmpty ? "" : " " + finding.remedy)
            table.add([finding.name, finding.status.rawValue, words], styles: [1: { terminal.styled($0, color) }])
        }
        return table.text
    }
}
