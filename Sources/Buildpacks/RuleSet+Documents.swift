internal import BuildModel

extension RuleSet {
    /// Whether a file at the root says that the repository is a chart of Helm or a module of Terraform.
    private static func isOfAnother(_ path: String) -> Bool {
        !path.contains("/") && (path == "Chart.yaml" || path.hasSuffix(".tf"))
    }

    /// Whether there is no code outside of a directory: an app is not taken for the whole of what it is a part, or an example, of.
    func holdsDocumentsAlone(_ tree: any SourceTree, besides directory: String) throws -> Bool {
        let app = Array(directory.utf8)
        var (count, isSo) = (0, true)
        try tree.walkNames { kind, bytes in
            count += 1
            guard isSo, count <= TreeListing.entryLimit, let path = String(path: bytes) else {
                isSo = false
                return .stop
            }
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            switch kind {
            case .directory:
                let isPassedOver = Array(path.utf8) == app || name.hasPrefix(".") || isIgnored(name)
                return isPassedOver ? .skipDescendants : .proceed
            case .submodule: isSo = false
            case .file, .executable, .symbolicLink: isSo = DocumentNames.hold(name) && !Self.isOfAnother(path)
            }
            return .proceed
        }
        return isSo
    }
}

/// Names of files that no program is made of.
private enum DocumentNames {
    private static let endings = Set(
        """
        md markdown mdx txt rst adoc pdf csv sql log patch drawio puml mmd png jpg jpeg gif svg webp ico mp4
        json jsonc yml yaml toml xml ini cfg conf env example properties lock sum code-workspace http rest
        tf tfvars hcl sh bat cmd ps1 dockerfile dockerignore pem crt
        doc docx ppt pptx xls xlsx odt odp ods mov webm mp3 wav zip gz fig sketch psd ai ttf iml template ipynb
        """.split { $0 == " " || $0 == "\n" }.map(String.init)
    )

    /// Names with a dot in front are of tools; without an ending they are LICENSE, Makefile, Dockerfile and the like.
    static func hold(_ name: String) -> Bool {
        guard !name.hasPrefix("."), let dot = name.lastIndex(of: ".") else { return true }
        return endings.contains(name[dot...].dropFirst().lowercased()) || name.hasPrefix("Dockerfile.")
    }
}
