internal import BuildModel
internal import Documents

extension JavaModules {
    /// The app of a module, none if nothing of it starts; nil for what has no parent in the tree.
    func mavenModule(_ directory: String, _ view: TreeView) throws -> [WorkspaceProject]? {
        guard let parent = try parent(of: directory, view) else { return nil }
        var above = parent
        // No pom is its own ancestor, unless somebody wrote it so.
        for _ in 0..<8 { above = try self.parent(of: above, view) ?? above }
        guard let pom = try pom(directory, view), Self.isApplication(pom, hasSettings: hasSettings(directory)),
            above.isEmpty || directory.hasPrefix(above + "/")
        else { return [] }
        let target = Self.seen(directory, from: above) + "/target/"
        guard let jar = Self.jar(of: pom) else { return [] }
        return [project(directory, below: above, "\(directory)/pom.xml", jar: Self.first(of: target + jar))]
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
        // A war that Spring Boot makes starts by itself too.
        return isPlain ? name + "." + (pom["packaging"]?.string ?? "jar") : nil
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
        guard ["jar", "war", nil].contains(pom["packaging"]?.string) else { return false }
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
