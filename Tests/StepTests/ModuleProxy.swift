import Platform
import TestSupport

/// A proxy of Go modules on loopback that has one module, as `go mod download` asks for it.
struct ModuleProxy {
    private static let module = "example.org/greet"
    private static let version = "v1.0.0"

    private let registry: FileRegistry
    /// What go.sum says of the module.
    let sums: String

    /// Its host and port, as steps.hosts has it. Go asks no proxy for 127.0.0.1, which would be the step itself; this is the same address.
    var host: String { "127.1:\(registry.port)" }
    var url: String { "http://\(host)" }

    /// - Parameters:
    ///   - scratch: where the module is written.
    ///   - source: the text of its one file.
    init(in scratch: Scratch, source: String) async throws {
        let name = "\(Self.module)@\(Self.version)"
        let answers = "modules/\(Self.module)/@v/\(Self.version)"
        let manifest = "module \(Self.module)\n\ngo 1.21\n"
        try scratch.write(manifest, to: "module/\(name)/go.mod")
        try scratch.write(source, to: "module/\(name)/greet.go")
        try scratch.write(manifest, to: "\(answers).mod")
        try scratch.write("{\"Version\":\"\(Self.version)\"}", to: "\(answers).info")
        let files = ["\(name)/go.mod", "\(name)/greet.go"]
        let archive = ["bsdtar", "--format", "zip", "-cf", scratch("\(answers).zip")]
        try await Command.output(archive + files, in: scratch("module"))
        let whole = try await Self.sum(of: files, in: scratch("module"))
        let head = try await Self.sum(of: ["go.mod"], in: scratch("module/\(name)"))
        sums = "\(Self.module) \(Self.version) \(whole)\n\(Self.module) \(Self.version)/go.mod \(head)\n"
        registry = try FileRegistry(scratch("modules"))
    }

    /// The `h1` of go.sum: a digest of the digests of files, in the order of their names.
    private static func sum(of files: [String], in directory: String) async throws -> String {
        let script = #"sha256sum "$@" | openssl dgst -sha256 -binary | base64"#
        return "h1:" + (try await Command.output(["bash", "-c", script, "sum"] + files, in: directory).lines.joined())
    }
}
