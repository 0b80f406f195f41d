internal import BuildModel
internal import Documents

/// An app of a workspace without a manifest of its own: the workspace's tool builds it, from the root, or another directory above it.
struct WorkspaceProject: Sendable, Hashable {
    var directory: String
    /// Where it is built; empty for the tree's root.
    var above = ""
    var evidence: Evidence
    /// nil where there is nothing to build but what the root builds anyway.
    var buildCommand: String?
    var start: Start

    enum Start: Sendable, Hashable {
        case command(String)
        /// The directory of pages that the build makes.
        case site(String)
    }
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
        start: WorkspaceProject.Start
    ) -> WorkspaceProject {
        WorkspaceProject(
            directory: directory,
            evidence: Evidence(file: "\(directory)/\(manifest)", line: place.line, predicate: predicate),
            buildCommand: build,
            start: start
        )
    }

    private static func lastName(_ directory: String) -> String {
        directory.split(separator: "/").last.map(String.init) ?? directory
    }
}

/// Nx: https://nx.dev/reference/project-configuration
extension WorkspaceTool {
    private func nxProject(_ root: YAMLNode, in directory: String) -> WorkspaceProject? {
        let name = root["name"]?.string ?? Self.lastName(directory)
        guard let type = root["projectType"], type.string == "application", name.isPlainText,
            let build = root["targets"]?["build"] ?? root["architect"]?["build"],
            let start = nxStart(build, in: directory)
        else { return nil }
        return project(in: directory, type, "projectType is 'application'", build: "npx nx build \(name)", start: start)
    }

    private func nxStart(_ build: YAMLNode, in directory: String) -> WorkspaceProject.Start? {
        let options = build["options"]
        let path = options?["outputPath"]
        var output = (path?.string ?? path?["base"]?.string ?? "dist/\(directory)")
            .replacing("{workspaceRoot}/", with: "").replacing("{projectRoot}", with: directory)
        if output.hasPrefix("./") { output.removeFirst(2) }
        if output.hasSuffix("/") { output.removeLast() }
        guard output.isPlainPath else { return nil }
        let executor = (build["executor"] ?? build["builder"])?.string ?? ""
        switch executor.split(separator: "/").last.map(String.init) ?? "" {
        case "next:build": return .command("npx next start \(output) --port ${PORT:-3000}")
        case "js:tsc", "js:swc": return .command("node \(output)/src/main.js")
        case "vite:build", "build-angular:browser", "angular:webpack-browser", "angular:browser-esbuild":
            return .site(output)
        case "build-angular:application", "build:application", "angular:application":
            return Self.pages(of: path, in: output)
        case "esbuild:esbuild", "node:build", "node:webpack": break
        case "webpack:webpack", "rspack:rspack":
            let target = options?["target"]?.string
            if target == "node" { break }
            // Without a target or a page, the bundler's own file says for what it is.
            return target == "web" || options?["index"] != nil ? .site(output) : nil
        default: return nil
        }
        let file = options?["outputFileName"]?.string ?? "main.js"
        return file.isPlainText ? .command("node \(output)/\(file)") : nil
    }

    /// Angular keeps what browsers get apart from a server's files.
    private static func pages(of path: YAMLNode?, in output: String) -> WorkspaceProject.Start? {
        let name = path?["browser"]?.string ?? "browser"
        if name.isEmpty { return .site(output) }
        return name.isPlainPath ? .site("\(output)/\(name)") : nil
    }
}

/// moon: https://moonrepo.dev/docs/config/project
extension WorkspaceTool {
    private func moonProject(_ root: YAMLNode, in directory: String) -> WorkspaceProject? {
        let name = root["id"]?.string ?? Self.lastName(directory)
        guard let type = root["layer"] ?? root["type"], type.string == "application", name.isPlainText,
            directory.isPlainText, root["tasks"]?["build"] != nil, let start = root["tasks"]?["start"]
        else { return nil }
        let command = start["command"] ?? start["script"] ?? start
        let words = command.string ?? command.elements.map { $0.compactMap(\.string).joined(separator: " ") }
        guard let words, !words.isEmpty else { return nil }
        return project(
            in: directory,
            type,
            "it is an application",
            build: "npx moon run \(name):build",
            start: .command("cd \(directory) && \(words)")
        )
    }
}
