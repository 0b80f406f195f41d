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

    private let files: Set<String>

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
            if let app = module { apps.append(app) }
        }
    }

    /// Whether a directory is one of a module, or in one.
    func hold(_ directory: String) -> Bool {
        directories.contains { directory == $0 || directory.hasPrefix($0 + "/") }
    }

    private func project(_ directory: String, below above: String, _ file: String, jar: String) -> WorkspaceProject {
        WorkspaceProject(
            directory: directory,
            above: above,
            evidence: Evidence(file: file, predicate: "it makes an application of Spring Boot"),
            start: .command("exec java $JAVA_OPTS -Dserver.port=${PORT:-3000} -jar \(jar)")
        )
    }

    /// The jar that starts, of those that a build leaves beside each other.
    private static func first(of jars: String) -> String {
        "$(ls \(jars) | grep -v -e '-plain.jar$' -e '-sources.jar$' -e '-javadoc.jar$' | head -n 1)"
    }

    /// A path as seen from a directory above it.
    private static func seen(_ path: String, from above: String) -> String {
        above.isEmpty ? path : String(path.dropFirst(above.utf8.count + 1))
    }
}

extension JavaModules {
    /// The app in a module, if it is one; nil for what has its settings itself, or none above it.
    private func gradleModule(_ directory: String, _ file: String, _ view: TreeView) throws -> WorkspaceProject?? {
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
        guard isApp else { return .some(nil) }
        let libraries = Self.seen(directory, from: above) + "/build/libs"
        return project(directory, below: above, file, jar: Self.first(of: "\(libraries)/*.jar"))
    }
}

extension JavaModules {
    /// The app in a module, if it is one; nil for what has no parent in the tree.
    private func mavenModule(_ directory: String, _ view: TreeView) throws -> WorkspaceProject?? {
        guard let parent = try parent(of: directory, view) else { return nil }
        var above = parent
        // No pom is its own ancestor, unless somebody wrote it so.
        for _ in 0..<8 { above = try self.parent(of: above, view) ?? above }
        guard let pom = try pom(directory, view), Self.isApplication(pom, hasSettings: hasSettings(directory)),
            above.isEmpty || directory.hasPrefix(above + "/")
        else { return .some(nil) }
        let target = Self.seen(directory, from: above) + "/target/"
        guard let jar = Self.jar(of: pom) else { return .some(nil) }
        return project(directory, below: above, "\(directory)/pom.xml", jar: Self.first(of: target + jar))
    }

    /// What a module's jar is called, with `*` for what is not known; nil for a name that a shell would read.
    private static func jar(of pom: YAMLNode) -> String? {
        let artifact = pom["artifactId"]?.string ?? ""
        var name = (pom["build"]?["finalName"]?.string ?? artifact + "-*")
            .replacing("${project.artifactId}", with: artifact)
        while let start = name.firstRange(of: "${"), let end = name[start.upperBound...].firstIndex(of: "}") {
            name.replaceSubrange(start.lowerBound...end, with: "*")
        }
        let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.*".contains($0)) }
        return isPlain ? name + ".jar" : nil
    }

    private func pom(_ directory: String, _ view: TreeView) throws -> YAMLNode? {
        let path = directory.appending(file: "pom.xml")
        guard files.contains(path), case .success(let document) = try view.document(path) else { return nil }
        return document["project"]
    }

    /// The directory of the parent that a pom.xml names, if that lies in the tree.
    private func parent(of directory: String, _ view: TreeView) throws -> String? {
        guard !directory.isEmpty, let parent = try pom(directory, view)?["parent"] else { return nil }
        let relative = parent["relativePath"].map { $0.string ?? "" } ?? "../pom.xml"
        guard !relative.isEmpty, let path = Self.joined(directory, relative) else { return nil }
        let file = path == "pom.xml" || path.hasSuffix("/pom.xml") ? path : path.appending(file: "pom.xml")
        return files.contains(file) ? file.directoryOfPath : nil
    }

    private func hasSettings(_ directory: String) -> Bool {
        ["yml", "yaml", "properties"].contains { files.contains("\(directory)/src/main/resources/application.\($0)") }
    }

    /// What its own plugin makes one, or a server's dependency with settings of its own, where a plugin may be the parent's.
    private static func isApplication(_ pom: YAMLNode, hasSettings: Bool) -> Bool {
        guard ["jar", nil].contains(pom["packaging"]?.string) else { return false }
        func names(_ node: YAMLNode?) -> [String] {
            (node.map { $0.elements ?? [$0] } ?? []).compactMap { $0["artifactId"]?.string }
        }
        return names(pom["build"]?["plugins"]?["plugin"]).contains("spring-boot-maven-plugin")
            || hasSettings
                && names(pom["dependencies"]?["dependency"]).contains { $0.hasPrefix("spring-boot-starter-web") }
    }

    /// nil for what leaves the tree.
    private static func joined(_ directory: String, _ relative: String) -> String? {
        var parts = directory.split(separator: "/")
        for part in relative.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if parts.popLast() == nil {
                return nil
            }
        }
        return parts.joined(separator: "/")
    }
}

extension String {
    /// Empty for what lies in the root.
    fileprivate var directoryOfPath: String { lastIndex(of: "/").map { String(self[..<$0]) } ?? "" }
    fileprivate func appending(file: String) -> String { isEmpty ? file : "\(self)/\(file)" }
}

extension Substring {
    fileprivate var trimmedStart: Substring { drop { $0 == " " || $0 == "\t" } }
}
