internal import BuildModel
internal import Documents

/// Modules of Maven and Gradle: directories with a manifest that only a build above them makes. Those that start by themselves are apps of
/// that build.
///
/// https://maven.apache.org/guides/introduction/introduction-to-the-pom.html, https://docs.gradle.org/current/userguide/multi_project_builds.html
struct JavaModules {
    private(set) var directories: Set<String> = []
    private(set) var apps: [WorkspaceProject] = []
    /// Manifests that are looked at, at most, and bytes of them, about: a hostile tree may have a large one in each directory.
    private static let (limit, byteLimit) = (1000, 4 << 20)

    let files: Set<String>

    init(_ outline: TreeOutline, _ view: TreeView) throws {
        files = Set(outline.entries.lazy.filter { $0.kind == .file || $0.kind == .executable }.map(\.path))
        let manifests = outline.entries.map(\.path).filter { path in
            ["pom.xml", "build.gradle", "build.gradle.kts"].contains { path.hasSuffix("/" + $0) }
                && files.contains(path)
        }
        for path in manifests.prefix(Self.limit) {
            let directory = path.directoryOfPath
            guard outline.bytesRead < Self.byteLimit else { return }
            guard directory.isPlainText, !directories.contains(directory) else { continue }
            let module =
                path.hasSuffix("/pom.xml")
                ? try mavenModule(directory, view) : try gradleModule(directory, path, view)
            guard let module else { continue }
            directories.insert(directory)
            apps += module
        }
    }

    /// Whether a directory is one of a module, or in one.
    func hold(_ directory: String) -> Bool {
        directories.contains { directory == $0 || directory.hasPrefix($0 + "/") }
    }

    func project(_ directory: String, below above: String, _ file: String, jar: String) -> WorkspaceProject {
        WorkspaceProject(
            directory: directory,
            above: above,
            evidence: Evidence(file: file, predicate: "it makes an application of Spring Boot"),
            start: .command("exec java $JAVA_OPTS -Dserver.port=${PORT:-3000} -jar \(jar)")
        )
    }

    /// The jar that starts, of those that a build leaves beside each other.
    static func first(of jars: String) -> String {
        "$(ls \(jars) | grep -v -e '-plain.jar$' -e '-sources.jar$' -e '-javadoc.jar$' | head -n 1)"
    }

    /// A path as seen from a directory above it.
    static func seen(_ path: String, from above: String) -> String {
        above.isEmpty ? path : String(path.dropFirst(above.utf8.count + 1))
    }
}

extension JavaModules {
    /// The app of a module, none if nothing of it starts; nil for what has its settings itself, or none above it.
    private func gradleModule(_ directory: String, _ file: String, _ view: TreeView) throws -> [WorkspaceProject]? {
        var above = directory
        func hasSettings(_ directory: String) -> Bool {
            ["settings.gradle", "settings.gradle.kts"].contains { files.contains(directory.appending(file: $0)) }
        }
        guard !hasSettings(directory) else { return nil }
        repeat { above = above.directoryOfPath } while !hasSettings(above) && !above.isEmpty
        guard hasSettings(above) else { return nil }
        let text = (try? view.content(file).get()).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let isApp = text.split(separator: "\n").contains { line in
            let isPlugin = line.contains("org.springframework.boot") && (line.contains("id") || line.contains("plugin"))
            let isAlias = line.lowercased().contains("libs.plugins.spring") && line.lowercased().contains("boot")
            return (isPlugin || isAlias) && !line.contains("apply false") && !line.trimmedStart.hasPrefix("//")
        }
        guard isApp else { return [] }
        let libraries = Self.seen(directory, from: above) + "/build/libs"
        return [project(directory, below: above, file, jar: Self.first(of: "\(libraries)/*.jar"))]
    }
}

extension String {
    /// Empty for what lies in the root.
    var directoryOfPath: String { lastIndex(of: "/").map { String(self[..<$0]) } ?? "" }
    func appending(file: String) -> String { isEmpty ? file : "\(self)/\(file)" }
}

extension Substring {
    fileprivate var trimmedStart: Substring { drop { $0 == " " || $0 == "\t" } }
}
