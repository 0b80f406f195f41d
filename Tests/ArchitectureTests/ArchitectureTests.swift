import BuildModel
import Documents
import TestSupport
import Testing

@Suite("The house")
struct ArchitectureTests {
    /// Modules from the ground up; a module may import only what stands before it on another floor.
    private static let floors: [[String]] = [
        ["BuildModel"],
        ["Platform"],
        ["Documents"],
        ["Telemetry", "Compression"],
        ["HTTPTransport", "RedisTransport", "Settings"],
        [
            "BuildQueue", "GitStore", "Buildpacks", "ImageBuild", "RootFilesystem", "Sandbox", "Registry", "Kubernetes",
        ],
        ["Worker"],
        ["slipway"],
    ]

    /// The one module that may import each C module.
    private static let owners: [String: String] = [
        "CGit2": "GitStore", "CHiredis": "RedisTransport", "CCurl": "HTTPTransport", "COpenSSL": "Platform",
        "CDeflate": "Compression", "CZlib": "Compression", "CZstd": "Compression", "CArchive": "RootFilesystem",
        "CYAML": "Documents",
        "CShims": "Platform",
        "CSandbox": "Sandbox",
    ]

    private static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

    private struct Target {
        var name: String
        var dependencies: [String]
    }

    private func targets() async throws -> [Target] {
        let scratch = try Scratch()
        let text = try await Command.output(
            ["swift", "package", "--scratch-path", scratch.path, "describe", "--type", "json"],
            in: Self.root
        ).text
        let json = try JSONDocument.parse(String(text.drop { $0 != "{" }))
        return (json["targets"]?.array ?? []).map { target in
            Target(
                name: target["name"]?.string ?? "",
                dependencies: target["target_dependencies"]?.array?.compactMap(\.string) ?? []
            )
        }
    }

    private func floor(of module: String) -> Int? {
        Self.floors.firstIndex { $0.contains(module) }
    }

    @Test("every module's dependencies in Package.swift are on lower floors, and C has one owner each")
    func manifest() async throws {
        let targets = try await targets()
        for module in Self.floors.joined() {
            let target = try #require(targets.first { $0.name == module }, "Package.swift has no target \(module)")
            let own = try #require(floor(of: module))
            for dependency in target.dependencies {
                if let owner = Self.owners[dependency] {
                    #expect(owner == module, "\(module) depends on \(dependency), which belongs to \(owner)")
                } else {
                    let other = try #require(floor(of: dependency), "\(dependency) has no floor")
                    #expect(other < own, "\(module) depends on \(dependency), which is not below it")
                }
            }
        }
    }

    @Test("every import points down, and none of our modules imports full Foundation")
    func imports() async throws {
        var files = 0
        for module in Self.floors.joined() {
            let own = try #require(floor(of: module))
            let listing = try await Command.result(
                [
                    "grep", "-rhoE", "--include=*.swift",
                    "^(@testable |@preconcurrency )?((public|package|internal|private|fileprivate) )?import [A-Za-z0-9_.]+( [A-Za-z0-9_.]+)?",
                    "Sources/\(module)",
                ],
                in: Self.root
            )
            for line in listing.lines {
                files += 1
                let imported = String(line.split(separator: " ").last ?? "")
                #expect(imported != "Foundation", "\(module) imports full Foundation")
                if imported.hasPrefix("Foundation") { #expect(module == "Documents", "\(module) imports \(imported)") }
                if let owner = Self.owners[imported] {
                    #expect(owner == module, "\(module) imports \(imported)")
                    #expect(line.hasPrefix("internal import"), "\(module) lets \(imported) out: \(line)")
                }
                if let other = floor(of: imported) { #expect(other < own, "\(module) imports \(imported)") }
            }
        }
        #expect(files >= 20, "the search found too few imports to mean anything")
    }

    @Test("pipes and sockets are waited for in one place, which keeps them from Dispatch")
    func descriptorSources() async throws {
        let found = try await Command.result(
            ["grep", "-rlE", "make(Read|Write)Source|DispatchIO", "Sources"],
            in: Self.root
        )
        #expect(found.lines == ["Sources/Platform/DescriptorEvents.swift"])
    }

    @Test("no module exports a type with the module's own name")
    func names() async throws {
        for module in Self.floors.joined() {
            let found = try await Command.result(
                ["grep", "-rnE", "(struct|class|enum|actor|protocol) \(module)\\b", "Sources/\(module)"],
                in: Self.root
            )
            #expect(found.text.isEmpty)
        }
    }
}
