import BuildModel
import BuildQueue
import Telemetry

/// What `slipway dead` is about: a build or a request that names none.
enum DeadLetter {
    case build(BuildStatus)
    case entry(DeadEntry)

    /// - Throws: `BuildFailure` with code `not_found`.
    static func find(_ id: String, _ client: BuildQueueClient) async throws -> DeadLetter {
        if let entry = try await client.deadEntry(id) { return .entry(entry) }
        guard let status = try await client.status(id) else { throw BuildQueueClient.unknown(id) }
        return .build(status)
    }

    var json: JSONValue {
        switch self {
        case .build(let status): status.json
        case .entry(let entry): entry.json
        }
    }

    /// All that is known, for people.
    var details: String {
        switch self {
        case .build(let status):
            return StatusText(status).details
        case .entry(let entry):
            let facts = [("id", entry.position), ("reason", entry.reason), ("request", entry.request)]
            return facts.map { label, text in
                TerminalText.plain(label + String(repeating: " ", count: 10 - label.count) + text)
            }.joined(separator: "\n")
        }
    }

    static func table(_ letters: [DeadLetter]) -> String {
        var table = TextTable(["ID", "WHAT", "WHEN", "WHY"])
        for letter in letters {
            let json = letter.json
            switch letter {
            case .build:
                let failure = json["failure"]
                let why = "\(failure?["code"]?.string ?? ""): \(failure?["message"]?.string ?? "")"
                let line = why.split(separator: "\n").first.map(String.init) ?? ""
                table.add([json["deploymentId"]?.string ?? "", "build", json["finishedAt"]?.string ?? "", line])
            case .entry(let entry):
                table.add([entry.position, "request", json["time"]?.string ?? "", entry.reason])
            }
        }
        return letters.isEmpty ? "No dead letters." : table.text
    }
}
