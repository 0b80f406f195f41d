internal import BuildModel
internal import Documents

/// An app of a workspace without a manifest of its own: the workspace's tool builds it, from the root, where its packages are installed.
struct WorkspaceProject {
    var directory: String
    var evidence: Evidence
    var buildCommand: String
    var startCommand: String
}

/// A tool that knows the projects of a repository by files of its own.
enum WorkspaceTool: CaseIterable {
    case nx
    case moon

    /// What the tool has at the root of a repository.
    var marker: String {
        switch self {
        case .nx: "nx.json"
        case .moon: ".moon/workspace.yml"
        }
    }

    /// What it has in the directory of a project.
    var manifest: String {
        switch self {
        case .nx: "project.json"
        case .moon: "moon.yml"
        }
    }

    /// The app that a manifest describes; nil for libraries, and for what no program serves.
    func project(_ root: YAMLNode, in directory: String) -> WorkspaceProject? {
        switch self {
        case .nx: nxProject(root, in: directory)
        case .moon: moonProject(root, in: directory)
        }
    }

    private func project(
        in directory: String,
        _ place: YAMLNode,
        _ predicate: String,
        build: String,
        start: String
    ) -> WorkspaceProject {
        WorkspaceProject(
            directory: directory,
            evidence: Evidence(file: "\(directory)/\(manifest)", line: place.line, predicate: predicate),
            buildCommand: build,
            startCommand: start
        )
    }

    private static func lastName(_ directory: String) -> String {
        directory.split(separator: "/").last.map(String.init) ?? directory
    }

    /// A name that a command line can have as it is.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("-")
            && name.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "@/._-".utf8.contains(byte)
            }
    }
}

/// Nx: https://nx.dev/reference/project-configuration
extension WorkspaceTool {
    private func nxProject(_ root: YAMLNode, in directory: String) -> WorkspaceProject? {
        let name = root["name"]?.string ?? Self.lastName(directory)
        guard let type = root["projectType"], type.string == "application", Self.isPlain(name),
            let build = root["targets"]?["build"] ?? root["architect"]?["build"],
            let start = nxStart(build, in: directory)
        else { return nil }
        return project(in: directory, type, "projectType is 'application'", build: "npx nx build \(name)", start: start)
    }

    private func nxStart(_ build: YAMLNode, in directory: String) -> String? {
        let options = build["options"]
        let output = (options?["outputPath"]?.string ?? "dist/\(directory)")
            .replacing("{workspaceRoot}/", with: "").replacing("{projectRoot}", with: directory)
        guard Self.isPlain(output) else { return nil }
        let executor = (build["executor"] ?? build["builder"])?.string ?? ""
        switch executor.split(separator: "/").last.map(String.init) ?? "" {
        case "next:build": return "npx next start \(output) --port ${PORT:-3000}"
        case "js:tsc", "js:swc": return "node \(output)/src/main.js"
        case "esbuild:esbuild", "node:build", "node:webpack": break
        case "webpack:webpack" where options?["target"]?.string == "node": break
        default: return nil
        }
        let file = options?["outputFileName"]?.string ?? "main.js"
        return Self.isPlain(file) ? "node \(output)/\(file)" : nil
    }
}

/// moon: https://moonrepo.dev/docs/config/project
extension WorkspaceTool {
    private func moonProject(_ root: YAMLNode, in directory: String) -> WorkspaceProject? {
        let name = root["id"]?.string ?? Self.lastName(directory)
        guard let type = root["layer"] ?? root["type"], type.string == "application", Self.isPlain(name),
            Self.isPlain(directory), root["tasks"]?["build"] != nil, let start = root["tasks"]?["start"]
        else { return nil }
        let command = start["command"] ?? start["script"] ?? start
        let words = command.string ?? command.elements.map { $0.compactMap(\.string).joined(separator: " ") }
        guard let words, !words.isEmpty else { return nil }
        return project(
            in: directory,
            type,
            "it is an application",
            build: "npx moon run \(name):build",
            start: "cd \(directory) && \(words)"
        )
    }
}
