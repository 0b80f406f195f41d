import ArgumentParser
import BuildModel
import Platform
import Registry
import Telemetry

/// What operators ask about registries.
struct RegistryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry",
        abstract: "Tells about registries.",
        subcommands: [RegistryProbeCommand.self]
    )
}

struct RegistryProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Asks a registry what it is, and tells what this node has learned of it.",
        discussion: """
            Nothing is left in the registry. With --repository an upload is opened there and closed again. Where the registry
            cannot answer now, whether one may push is not known: null in JSON, with the reason as pushFailure.

            EXAMPLES:
              slipway registry probe 127.0.0.1:5000
              slipway registry probe registry.example.org --repository team/app -o json
            """
    )

    @Argument(help: ArgumentHelp("The registry as image names have it.", valueName: "host"))
    var host: String
    @Option(help: "A repository to try an upload and a list of referrers in.")
    var repository: String?
    @OptionGroup var format: OutputOptions
    @OptionGroup(visibility: .hidden) var options: ConfigurationOptions

    func run() async throws {
        try await Interruptible.run { try await probe() }
    }

    private func probe() async throws {
        let workshop = try Workshop(try options.load())
        let probe = try await workshop.registry.probe(host, repository: repository)
        await workshop.close()
        format.output.print(Self.json(probe)) { Self.text(probe) }
    }

    private static func json(_ probe: RegistryProbe) -> JSONValue {
        var members: JSONValue = [
            "url": .string(probe.url), "status": .integer(Int64(probe.status)), "learned": probe.knowledge.json,
        ]
        members["scheme"] = probe.scheme.map { .string($0) }
        members["realm"] = probe.realm.map { .string($0) }
        members["identity"] = probe.identity.map { .string($0) }
        switch probe.pushing {
        case .allowed: members["allowsPush"] = true
        case .refused(let words):
            members["allowsPush"] = false
            members["pushFailure"] = .string(words)
        case .unknown(let words):
            members["allowsPush"] = .null
            members["pushFailure"] = .string(words)
        case nil: break
        }
        return members
    }

    private static func text(_ answer: PushAnswer?) -> String {
        switch answer {
        case .allowed: "yes"
        case .refused(let words): "no. \(words)"
        case .unknown(let words): "not known now. \(words)"
        case nil: "not tried"
        }
    }

    private static func text(_ probe: RegistryProbe) -> String {
        func word(_ value: Bool?) -> String { value.map { $0 ? "yes" : "no" } ?? "not seen yet" }
        let access = probe.scheme.map { scheme in scheme + (probe.realm.map { " from \($0)" } ?? "") } ?? "nobody asked"
        let rows = [
            ("api", "\(probe.url) answers \(probe.status)"), ("access", access),
            ("identity", probe.identity ?? "anonymous"), ("may push", text(probe.pushing)),
            ("mounts", word(probe.knowledge.mounts)), ("referrers", word(probe.knowledge.referrers)),
            ("patch only", word(probe.knowledge.wantsPatch)), ("expect", word(probe.knowledge.answersExpect)),
            ("chunks", probe.knowledge.chunkBytes.map { "at most \($0) bytes" } ?? "no limit seen yet"),
        ]
        return rows.map { name, value in
            name + String(repeating: " ", count: 11 - name.count) + TerminalText.plain(value)
        }.joined(separator: "\n")
    }
}
